"""What is sent to whom when, as a document that people edit: rules, templates, quiet hours.

Checked whole when it is saved: a template may use only what is known of an order, a rule only templates that are
there. Nothing is left to fail when a message is due.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from callcenter.channels.wechat import keywords
from callcenter.features.notify.wording import Language, filled_text, problems_in
from workorder.errors import FieldProblem, Invalid
from workorder.events import EVENTS

EVENT_NAMES = frozenset(kind.__name__ for kind in EVENTS)


def _fillable(text: str) -> str:
    if found := problems_in(text):
        raise PydanticCustomError(found[0].code, "{what}", {"what": "; ".join(one.message for one in found)})
    return text


def _known_event(name: str) -> str:
    if name not in EVENT_NAMES:
        raise ValueError("there is no such event; docs/reference/events.md lists them")
    return name


Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Line = Annotated[str, Field(max_length=200), AfterValidator(_fillable)]
Text = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_fillable)]
Hours = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")]
Audience = Literal["customer", "handler", "mentioned", "asked_by", "supervisors", "address"]
ChannelName = Literal["sms", "email", "wechat", "miniprogram", "webhook", "in_app"]
KEYED: frozenset[str] = frozenset({"wechat", "miniprogram"})
"""Channels whose messages are keywords for a template of the other side, a line each."""
TO_CUSTOMERS = KEYED | {"sms"}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Wording(_Part):
    """A message in one language; ``{number}`` and the other variables are filled in."""

    subject: Line = ""
    text: Text


class MessageRule(_Part):
    """On ``event`` (if every attribute named in ``when`` has one of the values) tell ``audience`` by ``channel``.

    ``to``: the address, for audience address: a mail address, a number, an openid, or a webhook's
    name. ``critical`` messages pass
    quiet hours. ``dedupe_min``: the same receiver hears of the same rule and order once in so many minutes.
    """

    name: Word
    event: Annotated[str, AfterValidator(_known_event)]
    when: dict[Word, Annotated[tuple[str, ...], Field(min_length=1, max_length=20)]] = Field(default_factory=dict)
    audience: Audience
    channel: ChannelName
    template: Word
    to: Annotated[str, Field(max_length=200)] | None = None
    language: Language | None = None
    critical: bool = False
    dedupe_min: Annotated[int, Field(ge=0, le=7 * 24 * 60)] = 0
    enabled: bool = True

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if (self.audience == "address") != (self.to is not None):
            raise ValueError("to belongs to audience address, and only to it")
        if self.channel == "webhook" and self.audience != "address":
            raise ValueError("a webhook is reached by audience address, its name in to")
        if self.audience == "customer" and self.channel not in TO_CUSTOMERS:
            raise ValueError("customers are reached by sms, wechat or miniprogram: there is no other address on file")
        if (self.channel == "in_app") == (self.audience in {"customer", "address"}):
            raise ValueError(f"{self.audience} cannot be reached by {self.channel}")
        return self

    def fits(self, event_type: str, event: Mapping[str, Any]) -> bool:
        """Whether the rule applies to an event's JSON."""
        if not self.enabled or event_type != self.event:
            return False
        return all(str(event.get(name)) in allowed for name, allowed in self.when.items())


class NotifyTable(_Part):
    """All rules of a call centre. ``quiet_hours`` by audience, local, as ``21:00-08:00``: messages wait for the end."""

    templates: Annotated[dict[Word, dict[Language, Wording]], Field(max_length=200)]
    rules: Annotated[tuple[MessageRule, ...], Field(max_length=200)]
    quiet_hours: dict[Audience, Hours] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        names = [rule.name for rule in self.rules]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"rules: {', '.join(sorted(twice))} is there twice")
        for rule in self.rules:
            wordings = self.templates.get(rule.template)
            if not wordings or (rule.language and rule.language not in wordings):
                raise ValueError(f"rules: {rule.name} uses the template {rule.template}, which is not there")
            if rule.channel in KEYED and not all(map(_keyed, wordings.values())):
                raise ValueError(f"templates: {rule.template}: {NOT_KEYED}")
        return self

    def wording(self, rule: MessageRule, language: Language) -> tuple[Language, Wording]:
        """In the rule's language, else the house's, else the one there is."""
        wordings = self.templates[rule.template]
        wanted: Language = rule.language or language
        chosen = wanted if wanted in wordings else next(iter(wordings))
        return chosen, wordings[chosen]


NOT_KEYED = "by WeChat a subject is the id of a template of the account, the text lines like thing1: {appliance}"


def _keyed(wording: Wording) -> bool:
    return bool(wording.subject.strip()) and keywords(wording.text) is not None


def read(document: str | bytes) -> NotifyTable:
    """Rules from JSON text. Raises Invalid with an entry per place at fault."""
    try:
        return NotifyTable.model_validate_json(document)
    except ValidationError as error:
        problems = [
            FieldProblem(".".join(map(str, part["loc"])) or "rules", part["type"], part["msg"])
            for part in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise Invalid(f"{problems[0].field}: {problems[0].message}", errors=problems) from error


def filled(wording: Wording, values: Mapping[str, str]) -> tuple[str, str]:
    """Subject and text with every variable filled in; what is not known of the order is left out."""
    return filled_text(wording.subject, values), filled_text(wording.text, values)


def sendable_at(quiet: str | None, local: datetime) -> datetime:
    """``local`` itself, or the end of the quiet hours it lies in (aware, in its zone)."""
    if quiet is None:
        return local
    begin, end = quiet.split("-")
    now = f"{local:%H:%M}"
    inside = begin <= now < end if begin <= end else now >= begin or now < end
    if not inside:
        return local
    hour, minute = map(int, end.split(":"))
    at = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return at if at > local else at + timedelta(days=1)


def _both(zh: tuple[str, str], en: tuple[str, str]) -> dict[str, dict[str, str]]:
    return {"zh": {"subject": zh[0], "text": zh[1]}, "en": {"subject": en[0], "text": en[1]}}


def _to_people(name: str, event: str, audience: str, template: str, **more: Any) -> dict[str, Any]:
    channel = more.pop("channel", "in_app")
    return {"name": name, "event": event, "audience": audience, "channel": channel, "template": template, **more}


DEFAULTS = NotifyTable.model_validate(
    {
        "templates": {
            "mentioned": _both(
                ("{number} 提到了你", "有人在 {number} 的备注里提到了你。"),
                ("{number}: you were mentioned", "Somebody mentioned you in a comment on {number}."),
            ),
            "approval": _both(
                ("{number} 等待审批", "{number} 有一项需要审批。"),
                ("{number} waits for approval", "Something about {number} has to be decided."),
            ),
            "decided": _both(
                ("{number} 已审批", "你提交的审批已有结果。"),
                ("{number} was decided", "What you asked about {number} was decided."),
            ),
            "sla_warned": _both(
                ("{number} 即将超时", "{number}（{appliance} {fault}）应在 {due} 前处理。"),
                ("{number} is nearly late", "{number} ({appliance} {fault}) is due by {due}."),
            ),
            "sla_breached": _both(
                ("{number} 已超时", "{number}（{appliance} {fault}）已超时，优先级升为 {priority}。"),
                ("{number} is late", "{number} ({appliance} {fault}) broke its limit; priority is now {priority}."),
            ),
            "untouched": _both(
                ("{number} 无人处理", "{number} 一直无人处理。"),
                ("{number} is left alone", "Nobody has touched {number}."),
            ),
            "node_missed": _both(
                ("{number} 停留过久", "{number} 在“{status}”停留过久。"),
                ("{number} rests too long", "{number} rests in {status} for too long."),
            ),
            "delay": _both(
                ("{number} 可能延误", "从类似工单看，{number} 很可能超时。"),
                ("{number} may be late", "By similar orders {number} will probably be late."),
            ),
            "accepted": _both(
                ("", "{customer_name}您好，服务单 {number} 已受理，我们会尽快安排工程师。"),
                ("", "Your service order {number} is taken in; an engineer will be assigned soon."),
            ),
            "departed": _both(
                (
                    "",
                    "{customer_name}您好，{number} 的工程师已出发[，预计 {eta} 到达][，{handler} {handler_phone}]。",
                ),
                (
                    "",
                    "The engineer for {number} is on the way[, due at {eta}][; contact: {handler}, {handler_phone}].",
                ),
            ),
            "completed": _both(
                ("", "{customer_name}您好，服务单 {number} 已完工，如有问题请来电。"),
                ("", "Your service order {number} is done; please call if anything is wrong."),
            ),
        },
        "rules": [
            _to_people("mention", "CommentAdded", "mentioned", "mentioned"),
            _to_people("approval", "ApprovalAsked", "supervisors", "approval"),
            _to_people("decided", "ApprovalDecided", "asked_by", "decided"),
            _to_people("warn_handler", "SlaWarned", "handler", "sla_warned"),
            _to_people("warn", "SlaWarned", "supervisors", "sla_warned"),
            _to_people("breach", "SlaBreached", "supervisors", "sla_breached", critical=True),
            _to_people("untouched", "OrderUntouched", "supervisors", "untouched"),
            _to_people("node", "NodeMissed", "supervisors", "node_missed"),
            _to_people("delay", "DelayPredicted", "supervisors", "delay"),
            _to_people("sms_created", "WorkOrderCreated", "customer", "accepted", channel="sms", dedupe_min=60),
            _to_people(
                "sms_departed", "WorkOrderMoved", "customer", "departed", channel="sms", when={"after": ["departed"]}
            ),
            _to_people(
                "sms_completed", "WorkOrderMoved", "customer", "completed", channel="sms", when={"after": ["completed"]}
            ),
        ],
        "quiet_hours": {"customer": "21:00-08:00"},
    }
)
"""What is sent until somebody edits it. SMS leave only once a gateway is set in config.yaml."""
