"""The fields of a work order as one table: names, kinds, choices, labels, and which ones each service type requires.

The forms, the checks, the search columns and the documentation all read this table. What an answer has many of has no
slots (``workorder.views.orders``). Dates and times inside values are
ISO 8601 text; an appointment's ends carry their offset from UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

FieldContent = str | bool | dict[str, str | None]
"""Text, a flag, or the parts of an address {province, city, district, detail} or an appointment {start, end}."""


class Source(StrEnum):
    """Where a value came from."""

    HEARD = "heard"
    AGENT = "agent"
    CUSTOMER = "customer"


class FieldState(StrEnum):
    """How far a value can be trusted."""

    HEARD = "heard"
    CONFIRMED = "confirmed"
    INFERRED = "inferred"
    CONFLICTING = "conflicting"
    WITHDRAWN = "withdrawn"
    EDITED = "edited"
    ACCEPTED = "accepted"


class Kind(StrEnum):
    """What a field's value looks like; ``workorder.policy.values`` has one check per kind."""

    TEXT = "text"
    CHOICE = "choice"
    FLAG = "flag"
    PHONE = "phone"
    ADDRESS = "address"
    APPOINTMENT = "appointment"


@dataclass(frozen=True)
class EvidenceRef:
    """Characters [start_char, end_char) of a transcript segment, and their place in the audio where known."""

    segment_id: str
    start_char: int
    end_char: int
    start_ms: int | None
    end_ms: int | None


@dataclass(frozen=True, kw_only=True)
class FieldValue:
    """One field with its provenance.

    ``value`` None means emptied by an agent, or withdrawn (``display`` then keeps the old text).
    """

    value: FieldContent | None
    display: str
    source: Source
    state: FieldState
    confidence: float | None = None
    rule: str | None = None
    evidence: tuple[EvidenceRef, ...] = ()

    @property
    def touched(self) -> bool:
        """True once a person typed or accepted it: the machine leaves it alone from then on."""
        return self.source is Source.AGENT or self.state is FieldState.ACCEPTED


@dataclass(frozen=True)
class AlertView:
    """Something to act on at once: ``kind`` for programs, ``display`` for people."""

    kind: str
    display: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """A field's name, what its value looks like, and its labels. ``choices`` maps value to label for CHOICE."""

    name: str
    kind: Kind
    label: str
    label_en: str
    max_length: int = 200
    choices: Mapping[str, str] | None = None


SERVICE_TYPES: Mapping[str, str] = {
    "repair": "维修",
    "install": "安装",
    "return_exchange": "退换货",
    "maintenance": "保养",
    "complaint": "投诉",
    "enquiry": "咨询",
    "progress": "催单",
}
SAFETY: Mapping[str, str] = {
    "gas_smell": "燃气味",
    "water_leak": "漏水",
    "electric_shock": "漏电",
    "smoke": "冒烟",
    "none": "无",
}
URGENCY: Mapping[str, str] = {"critical": "危急", "high": "紧急", "normal": "普通"}

_SPECS = (
    FieldSpec(name="service_type", kind=Kind.CHOICE, label="服务类型", label_en="Service type", choices=SERVICE_TYPES),
    FieldSpec(name="customer_name", kind=Kind.TEXT, label="联系人", label_en="Contact", max_length=80),
    FieldSpec(name="contact_phone", kind=Kind.PHONE, label="联系电话", label_en="Phone", max_length=40),
    FieldSpec(name="appliance", kind=Kind.TEXT, label="电器", label_en="Appliance", max_length=60),
    FieldSpec(name="brand", kind=Kind.TEXT, label="品牌", label_en="Brand", max_length=60),
    FieldSpec(name="model", kind=Kind.TEXT, label="型号", label_en="Model", max_length=80),
    FieldSpec(name="fault", kind=Kind.TEXT, label="故障", label_en="Fault", max_length=80),
    FieldSpec(name="error_code", kind=Kind.TEXT, label="故障码", label_en="Error code", max_length=40),
    FieldSpec(name="description", kind=Kind.TEXT, label="描述", label_en="Description", max_length=2000),
    FieldSpec(name="onset", kind=Kind.TEXT, label="发生时间", label_en="Since", max_length=60),
    FieldSpec(name="intermittent", kind=Kind.FLAG, label="时好时坏", label_en="Intermittent"),
    FieldSpec(name="address", kind=Kind.ADDRESS, label="地址", label_en="Address"),
    FieldSpec(name="appointment", kind=Kind.APPOINTMENT, label="预约时间", label_en="Appointment"),
    FieldSpec(name="purchase_date", kind=Kind.TEXT, label="购买日期", label_en="Purchased", max_length=40),
    FieldSpec(name="in_warranty_claim", kind=Kind.FLAG, label="称在保修期", label_en="Claims warranty"),
    FieldSpec(name="safety", kind=Kind.CHOICE, label="安全隐患", label_en="Safety", choices=SAFETY),
    FieldSpec(name="urgency", kind=Kind.CHOICE, label="紧急程度", label_en="Urgency", choices=URGENCY),
    FieldSpec(name="prior_ticket", kind=Kind.TEXT, label="原单号", label_en="Earlier order", max_length=60),
    FieldSpec(name="sentiment_complaint", kind=Kind.FLAG, label="表达不满", label_en="Dissatisfied"),
)

FIELDS: Mapping[str, FieldSpec] = {spec.name: spec for spec in _SPECS}

PERSONAL = frozenset({"customer_name", "contact_phone", "address", "description"})
"""Fields that tell who somebody is; emptied when the person asks to be forgotten."""

ADDRESS_PARTS = ("province", "city", "district", "detail")
APPOINTMENT_PARTS = ("start", "end")

_QUESTIONS = {
    "repair": "service_type* appliance* brand* fault* address* contact_phone* customer_name appointment",
    "install": "service_type* appliance* brand* address* contact_phone* customer_name appointment*",
    "return_exchange": "service_type* appliance* brand* fault address* contact_phone* customer_name appointment",
    "maintenance": "service_type* appliance* brand address* contact_phone* customer_name appointment",
    "complaint": "service_type* description* appliance brand contact_phone* customer_name",
    "enquiry": "service_type* contact_phone*",
    "progress": "service_type* contact_phone* customer_name prior_ticket",
}
"""What an agent asks for each service type, in the order of the talk; ``*``: no order can be created without it."""

UNKNOWN_SERVICE = ("service_type", "contact_phone")
"""What is asked for while the service type is still unknown."""

QUESTIONS: Mapping[str, tuple[str, ...]] = {
    service: tuple(name.rstrip("*") for name in names.split()) for service, names in _QUESTIONS.items()
}
"""Fields to ask for, in order, for each service type."""

REQUIRED: Mapping[str, tuple[str, ...]] = {
    service: tuple(name.rstrip("*") for name in names.split() if name.endswith("*"))
    for service, names in _QUESTIONS.items()
}
"""Those of them without which an order of this service type cannot be created."""


@dataclass(frozen=True)
class Question:
    """Something to ask the caller: the field, whether an order needs it, and whether it is known already."""

    field: str
    required: bool
    answered: bool


@dataclass(frozen=True, slots=True)
class Ask:
    """A question of the form; ``guidance`` tells the agent or customer how to answer (where the type plate is …)."""

    field: str
    required: bool = False
    guidance: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """A standard answer; ``{customer_name}``, ``{number}`` and other fields in braces are filled in."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do for every order of this kind; ``blocks``: the step of the life cycle that waits for it."""

    title: str
    blocks: str | None = None


@dataclass(frozen=True, slots=True)
class UsedPart:
    """A part that went into an appliance; ``code`` is its part number, where there is one."""

    name: str
    quantity: int = 1
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A version of a service type's form; version 0 is built in."""

    service_type: str
    version: int
    questions: tuple[Ask, ...]
    fields: tuple[FieldSpec, ...] = ()
    replies: tuple[Reply, ...] = ()
    steps: tuple[Step, ...] = ()


def questions(
    fields: Mapping[str, FieldValue],
    asked: Sequence[tuple[str, bool]] | None = None,
    specs: Mapping[str, FieldSpec] = FIELDS,
) -> tuple[Question, ...]:
    """What to ask, in order, ticked off where a usable value is there.

    ``asked``: names and whether each is required, by the order's form; None: as built in for its service type.
    """
    return ticked(fields, asked, specs)[0]


def missing(
    fields: Mapping[str, FieldValue],
    asked: Sequence[tuple[str, bool]] | None = None,
    specs: Mapping[str, FieldSpec] = FIELDS,
) -> tuple[str, ...]:
    """Names of required fields without a usable value, in the order to ask for them."""
    return ticked(fields, asked, specs)[1]


Asked = tuple[tuple[str, bool], ...]


def ticked(
    fields: Mapping[str, FieldValue], asked: Sequence[tuple[str, bool]] | None, specs: Mapping[str, FieldSpec]
) -> tuple[tuple[Question, ...], tuple[str, ...]]:
    """``questions`` and ``missing`` at once."""
    service = fields.get("service_type")
    kind = str(service.value) if service else ""
    form = _BUILT_IN.get(kind, _UNKNOWN) if asked is None else tuple(asked)
    return _ticked_off(form, tuple([_filled(specs[name], fields.get(name)) for name, _ in form]))


@lru_cache(maxsize=4096)
def _ticked_off(form: Asked, filled: tuple[bool, ...]) -> tuple[tuple[Question, ...], tuple[str, ...]]:
    """The questions, and which are open: the orders of a list have few forms, filled in few ways."""
    found = tuple(Question(name, required, there) for (name, required), there in zip(form, filled, strict=True))
    return found, tuple(question.field for question in found if question.required and not question.answered)


_UNKNOWN: Asked = tuple((name, True) for name in UNKNOWN_SERVICE)
_BUILT_IN: Mapping[str, Asked] = {
    kind: tuple((name, name in REQUIRED[kind]) for name in names) for kind, names in QUESTIONS.items()
}


def _filled(spec: FieldSpec, field: FieldValue | None) -> bool:
    value = field.value if field else None
    if isinstance(value, dict):
        # Nobody can be sent to a city: an address counts once it has its street.
        return bool(value.get("detail")) if spec.kind is Kind.ADDRESS else any(value.values())
    return value is not None and value != ""
