"""One of everything that a path of the interface may name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callcenter.auth.permissions import Role
from callcenter.ids import new_id
from callcenter.storage import deliveries
from tests.contract.api_site import FIELDS, Site
from tests.contract.api_stand_ins import NOW
from workorder.commands import AddTask, AskApproval, AttachFile, CreateWorkOrder
from workorder.policy.approvals import DEFAULTS
from workorder.services import approvals, reports, teamwork
from workorder.services.approval_rules import save_rules


async def things(site: Site) -> dict[str, str]:
    """Fresh ones, by the name of the path parameter."""
    card, duplicate = await site.customer(), await site.customer()
    call_id = await site.call(new_id())
    await site.record(call_id)
    owner = await site.customer()
    asset, plan = await site.asset(owner.customer_id), await site.plan(owner.customer_id)
    draft = await site.draft(call_id, **FIELDS)
    target_id = ""
    report = {**FIELDS, "contact_phone": "13700137000"}
    async with site.services.database.write() as work:
        for appliance in ("冰箱", "空调", "空调"):
            sent = CreateWorkOrder(by="x", at=NOW, channel="app", fields={**report, "appliance": appliance})
            taken = await reports.create_work_order(work.session, sent)
            target_id = taken.order.order_id if appliance == "冰箱" else target_id
        task = await teamwork.add_task(work.session, AddTask(by="x", at=NOW, order_id=target_id, title="x"))
        # Whatever rules were saved before: a question needs one that asks for somebody's word.
        await save_rules(work.session, DEFAULTS, seen_version=None, roles=tuple(Role), by="x", at=NOW)
        question = await approvals.ask_approval(
            work.session,
            AskApproval(by="x", at=NOW, order_id=target_id, subject="goodwill", reason="x", amount_minor=1),
        )
        named = AttachFile(
            by="x",
            at=NOW,
            order_id=target_id,
            sha256=await site.file(),
            size_bytes=5,
            media_type="text/plain",
            filename="a.log",
        )
        file = await teamwork.attach_file(work.session, named)
        message = await deliveries.plan(
            work.session,
            deliveries.Planned(
                event_id=new_id(),
                event_type="WorkOrderCreated",
                event={},
                rule="x",
                order_id=target_id,
                audience="address",
                channel="webhook",
                recipient="crm",
                subject="",
                text="x",
                at=NOW,
                due_at=NOW,
            ),
        )
        await deliveries.bury(work.session, message or "", error="x")
        key = await site.services.api_keys.add(work.session, name="x", scopes=["orders"])
        await work.commit()
    return {
        "call_id": call_id,
        "customer_id": card.customer_id,
        "duplicate_id": duplicate.customer_id,
        "order_id": draft.order_id,
        "kind": "customers",
        "asset_id": asset.asset_id,
        "plan_id": plan.plan_id,
        "report_id": taken.report.report_id,
        "target_id": target_id,
        "name": "wechat",
        "service_type": "enquiry",
        "delivery_id": message or "",
        "task_id": task.task_id,
        "approval_id": question.approval_id,
        "attachment_id": file.attachment_id,
        "key_id": key.key.key_id,
    }


def with_keys(body: Mapping[str, Any], ids: Mapping[str, str]) -> dict[str, Any]:
    """An example's body, with keys of things that are there."""
    return {name: ids[name] if name in ids and name != "kind" else value for name, value in body.items()}
