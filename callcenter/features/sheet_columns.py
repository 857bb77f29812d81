"""Columns of the sheets that are imported and exported: names of ours, and what people call them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from workorder.fields import FieldContent, FieldSpec, Kind

ADDRESS = {
    "province": ("省", "省份"),
    "city": ("市", "城市"),
    "district": ("区", "区县", "县"),
    "detail": ("详细地址", "地址", "address"),
}

SHEETS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "customers": {
        "customer_id": (),
        "external_key": ("客户编号", "外部编号", "customer no", "key"),
        "name": ("姓名", "客户姓名", "客户", "customer", "customer name"),
        "phone": ("电话", "手机", "联系电话", "手机号", "phone number", "mobile"),
        "phone2": ("电话2", "备用电话", "second phone"),
        **ADDRESS,
        "level": ("等级", "客户等级"),
        "openid": ("微信", "微信openid", "wechat"),
        "miniprogram_openid": ("小程序", "小程序openid", "mini-program"),
        "notes": ("备注", "note"),
    },
    "assets": {
        "asset_id": (),
        "external_key": ("设备编号", "外部编号", "asset no", "key"),
        "customer_key": ("客户编号", "customer no"),
        "phone": ("电话", "手机", "客户电话", "手机号", "phone number"),
        "appliance": ("电器", "产品", "品类", "product"),
        "brand": ("品牌",),
        "model": ("型号",),
        "serial": ("序列号", "机身号", "条码", "serial number", "sn"),
        "purchased_on": ("购买日期", "购机日期", "purchase date"),
        "installed_on": ("安装日期", "installation date"),
        "warranty_until": ("保修截止", "保修到期", "warranty end"),
        "invoice_no": ("发票号", "发票号码", "invoice"),
        "notes": ("备注", "note"),
    },
    "orders": {
        "order_id": (),
        "external_key": ("外部单号", "来源单号", "external no", "key"),
        "service_type": ("服务类型", "service"),
        "customer_name": ("联系人", "姓名", "客户姓名", "contact"),
        "contact_phone": ("联系电话", "电话", "手机", "phone"),
        "appliance": ("电器", "产品", "品类", "product"),
        "brand": ("品牌",),
        "model": ("型号",),
        "fault": ("故障", "故障现象"),
        "error_code": ("故障码", "错误码"),
        "description": ("描述", "问题描述"),
        **ADDRESS,
        "appointment_start": ("预约开始", "预约时间"),
        "appointment_end": ("预约结束",),
        "purchase_date": ("购买日期",),
        "urgency": ("紧急程度",),
        "onset": ("发生时间",),
        "intermittent": ("时好时坏",),
        "in_warranty_claim": ("称在保修期", "claims warranty"),
        "safety": ("安全隐患",),
        "prior_ticket": ("原单号", "earlier order"),
        "sentiment_complaint": ("表达不满", "dissatisfied"),
    },
    "users": {
        "username": ("用户名", "账号", "工号", "login", "user name"),
        "display_name": ("姓名", "显示名", "name"),
        "roles": ("角色", "role"),
        "phone": ("电话", "手机", "联系电话", "mobile"),
        "interface": ("分机", "话机", "extension", "device"),
        "active": ("启用", "在用"),
    },
}
"""Kind → column → other headers that mean it; headers are compared in small letters, without blanks and marks."""

YES_OR_NO: Mapping[str, bool] = {
    **dict.fromkeys(("yes", "true", "1", "是", "有", "启用"), True),
    **dict.fromkeys(("no", "false", "0", "否", "无", "停用"), False),
}
"""Words for a flag."""

ROLES: Mapping[str, str] = {
    "坐席": "agent",
    "座席": "agent",
    "客服": "agent",
    "班长": "supervisor",
    "主管": "supervisor",
    "管理员": "admin",
}
"""What people call the roles."""

ALSO_EXPORTED: Mapping[str, tuple[str, ...]] = {
    "customers": (),
    "assets": ("customer_id", "warranty_ends", "warranty_basis"),
    "orders": ("number", "status", "created_at", "customer_id", "warranty"),
    "users": (),
}
"""Columns of an export that an import passes over."""


def column_of(kind: str, header: str, own: Iterable[FieldSpec] = ()) -> str | None:
    """The column that a header means, ``own`` fields by name or label too; None for one that is not known."""
    wanted = _plain(header)
    others = [(spec.name, (spec.label, spec.label_en)) for spec in own]
    known = [*SHEETS[kind].items(), *others]
    # A name is meant before any label: two fields may have the same one.
    return next(
        (column for column, _ in known if _plain(column) == wanted),
        next((column for column, labels in known if wanted and wanted in map(_plain, labels)), None),
    )


def content_of(spec: FieldSpec | None, cell: str) -> FieldContent:
    """What a cell says for a field: a choice by its value or label, a flag as yes or no; all else is checked later."""
    if spec is not None and spec.kind is Kind.FLAG:
        return YES_OR_NO.get(cell.casefold(), cell)
    if spec is not None and spec.kind is Kind.CHOICE:
        return next((value for value, label in (spec.choices or {}).items() if label == cell), cell)
    return cell


def _plain(header: str) -> str:
    return "".join(character for character in header.casefold() if character.isalnum())
