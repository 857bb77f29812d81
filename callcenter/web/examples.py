"""An example body of every operation that takes one, for the OpenAPI document; a test checks each by its type."""

from __future__ import annotations

from collections.abc import Mapping

EXAMPLES: Mapping[str, Mapping[str, object]] = {
    "session_log_in": {"username": "lin", "password": "correct horse battery"},
    "calls_set_customer": {"customer_id": "01JDC0F8Q2W3E4R5T6Y7Z8X9A0"},
    "customers_create": {
        "name": "王芳",
        "phone": "13800138000",
        "address": {"province": "浙江省", "city": "杭州市", "district": "西湖区", "detail": "文三路288号3幢502室"},
        "level": "vip",
    },
    "customers_edit": {
        "level": "vip",
        "phones": [{"number": "13800138000", "label": "手机"}, {"number": "0571-87654321"}],
    },
    "customers_merge": {"duplicate_id": "01JDC0F8Q2W3E4R5T6Y7Z8X9B1"},
    "customers_erase": {"reason": "客户书面要求删除个人资料"},
    "assets_add": {
        "appliance": "空调",
        "brand": "格力",
        "model": "KFR-35GW",
        "serial": "G1002026030501",
        "purchased_on": "2026-03-05",
        "invoice_no": "033002600111",
    },
    "assets_edit": {"installed_on": "2026-03-08"},
    "assets_save_contract": {
        "number": "YB-2026-0017",
        "kind": "extended",
        "starts_on": "2027-03-06",
        "ends_on": "2029-03-05",
    },
    "assets_replace_terms": {
        "terms": [
            {
                "brand": "某品牌",
                "appliance": "空调",
                "whole_months": 72,
                "part_months": {"压缩机": 120},
                "source": "某品牌家用空调保修说明 2021",
            }
        ]
    },
    "assets_set_asset": {"asset_id": None},
    "approval_rules_save": {
        "version": 0,
        "table": {
            "rules": [
                {
                    "name": "cancel_after_dispatch",
                    "subject": "cancel",
                    "status": ["dispatched", "accepted", "departed"],
                    "roles": ["supervisor", "admin"],
                    "label": "派工后取消",
                    "label_en": "Cancelling after dispatch",
                },
                {
                    "name": "much_goodwill",
                    "subject": "goodwill",
                    "from_amount_minor": 20000,
                    "roles": ["admin"],
                    "label": "200元以上补偿",
                    "label_en": "Goodwill of 200 yuan or more",
                },
            ]
        },
    },
    "maintenance_add": {"title": "年度保养", "interval_months": 12, "first_on": "2027-03-01"},
    "maintenance_edit": {"title": "年度保养", "interval_months": 6, "first_on": "2027-03-01"},
    "work_orders_open_draft": {
        "fields": {
            "service_type": "repair",
            "customer_name": "王芳",
            "contact_phone": "13800138000",
            "appliance": "空调",
            "brand": "格力",
            "fault": "不制冷",
            "address": {"province": "浙江省", "city": "杭州市", "district": "西湖区", "detail": "文三路288号"},
        }
    },
    "work_orders_edit": {"fields": {"fault": "漏水", "urgency": "urgent"}},
    "work_orders_create": {},
    "work_orders_cancel": {"reason": "客户已自行解决"},
    "order_steps_move": {"action": "create"},
    "order_steps_prioritise": {"priority": "high", "reason": "漏水"},
    "order_steps_set_parent": {"parent_id": None},
    "intake_take": {
        "channel": "web",
        "external_id": "form-20261121-17",
        "fields": {
            "service_type": "install",
            "customer_name": "李雷",
            "contact_phone": "13900139000",
            "appliance": "热水器",
            "brand": "美的",
            "address": {"province": "浙江省", "city": "杭州市", "district": "西湖区", "detail": "文三路288号"},
            "appointment": {"start": "2026-11-23T09:00:00+08:00", "end": "2026-11-23T12:00:00+08:00"},
        },
    },
    "intake_webhook": {
        "msg_id": "24512",
        "openid": "o6_bmjrPTlm6_2sgVt7hMZOPfL2M",
        "content": "空调不制冷，电话13800138000",
    },
    "intake_chase": {"target_id": "01JDC0F8Q2W3E4R5T6Y7Z8X9C2"},
    "intake_separate": {},
    "teamwork_comment": {"text": "@lin 客户下午在家，先打电话"},
    "teamwork_add_task": {"title": "核对序列号", "blocks": "complete"},
    "teamwork_set_task": {"done": True},
    "teamwork_hand_over": {"team": "二线", "reason": "需要高级工程师"},
    "teamwork_ask_for": {"subject": "goodwill", "reason": "三次上门未修好", "amount_minor": 5000},
    "teamwork_decide": {"approve": True, "comment": "同意"},
    "templates_put": {
        "questions": [
            {"field": "service_type", "required": True},
            {"field": "appliance", "required": True},
            {"field": "serial", "guidance": "机身背面铭牌"},
            {"field": "contact_phone", "required": True},
        ],
        "fields": [{"name": "serial", "kind": "text", "label": "序列号", "label_en": "Serial number"}],
        "replies": [{"name": "已受理", "text": "{customer_name}您好，服务单 {number} 已受理。"}],
        "steps": [{"title": "核对序列号", "blocks": "complete"}],
    },
    "notifications_save_rules": {
        "version": 0,
        "table": {
            "templates": {"departed": {"zh": {"text": "{customer_name}您好，服务单 {number} 的工程师已出发。"}}},
            "rules": [
                {
                    "name": "sms_departed",
                    "event": "WorkOrderMoved",
                    "when": {"after": ["departed"]},
                    "audience": "customer",
                    "channel": "sms",
                    "template": "departed",
                }
            ],
            "quiet_hours": {"customer": "21:00-08:00"},
        },
    },
    "notifications_preview": {"wording": {"text": "{customer_name}您好，服务单 {number} 已受理。"}},
    "notifications_try_out": {"lane": "sms", "to": "13800138000", "text": "测试消息"},
    "notifications_read_notices": {},
    "service_levels_save_table": {
        "version": 0,
        "table": {
            "calendars": {"service": {"week": {"mon": ["08:00-20:00"], "tue": ["08:00-20:00"]}, "holidays": ["春节"]}},
            "tiers": [{"name": "standard", "respond_min": 120, "resolve_min": 1440, "calendar": "service"}],
            "nodes_min": {"created": 60},
        },
    },
    "api_keys_add": {"name": "shop website", "scopes": ["customers", "orders", "orders.edit"], "expires_in_days": 365},
}

PARAMETERS: Mapping[str, str] = {
    "call_id": "Key of a call.",
    "customer_id": "Key of a customer.",
    "order_id": "Key of a work order.",
    "service_type": "A service type, e.g. `repair`.",
    "version": "Which version; 0 is the built-in one.",
    "handler": "Only orders that this user looks after.",
    "attachment_id": "Key of a file.",
    "task_id": "Key of a task.",
    "approval_id": "Key of a question.",
    "filename": "What the file is called.",
    "alert": "Only this kind of alert.",
    "still_open": "Only of orders that are not closed yet.",
    "decision": "Only questions that stand so; `pending` for those that wait.",
    "asset_id": "Key of an appliance.",
    "plan_id": "Key of a maintenance plan.",
    "serial": "How the serial number begins.",
    "model": "How the model begins.",
    "on": "The day that warranty is judged on; today by default.",
    "part": "One part instead of the whole appliance.",
    "cause": "Why it broke, where that ends the seller's duty.",
    "before": "Due on or before this day.",
    "appliance": "Only this appliance.",
    "brand": "Only this brand.",
    "fault": "Only this fault.",
    "city": "Only this city.",
    "district": "Only this district.",
    "urgency": "Only this urgency.",
    "warranty": "Only with this warranty: in, extended, out or unknown.",
    "since": "Created from this moment on (ISO 8601 with offset).",
    "until": "Created before this moment (ISO 8601 with offset).",
    "report_id": "Key of a report.",
    "name": "Name of a mapping in `intake.webhooks`, or `wechat`.",
    "key_id": "Key of an API key (not the key itself).",
    "cursor": "`next_cursor` of the page before; without it the first page.",
    "limit": "Items a page at most.",
    "status": "Only those in this state.",
    "number": "Order number, or phone number of a call.",
    "phone": "Phone number, in any common form.",
    "q": "Search words.",
    "from": "From this moment on (ISO 8601).",
    "to": "Before this moment (ISO 8601).",
    "start_ms": "From here, in ms of the call's audio.",
    "end_ms": "To here, in ms of the call's audio.",
    "field": "Only changes of this field; `status` gives the steps.",
    "delivery_id": "Key of a message.",
    "state": "Only those in this state.",
    "by": "What orders are grouped by.",
    "kind": "`customers`, `assets` or `orders`.",
    "format": "`csv` or `xlsx`.",
    "mode": "`all`: every row or none; `good`: the rows that are right.",
    "dry_run": "Check every row, keep nothing.",
    "below": "Code of a province or city; without it the provinces.",
    "channel": "Whose voice.",
}
"""What parameters mean, by name; one that is not here carries its own description in its type."""
