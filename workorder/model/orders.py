"""The work order: its life cycle, the provenance of every field, and who changed what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from workorder.errors import Conflict, FieldProblem, Invalid
from workorder.fields import (
    FIELDS,
    PERSONAL,
    FieldContent,
    FieldSpec,
    FieldState,
    FieldValue,
    Form,
    Source,
)
from workorder.model.base import Base, JsonColumn, Key, sorted_text
from workorder.model.customers import Customer
from workorder.model.order_fields import Contents, content_of, encoded, pinned_form, withdrawn
from workorder.model.trail import TrailLine
from workorder.policy.chain import link
from workorder.policy.forms import pinned
from workorder.policy.guards import Asked, check
from workorder.policy.lifecycle import EDITABLE, HEARING, MOVES, Action, Confirmation, Guard, Priority, Status, actions
from workorder.policy.phones import parse_phone, tail_of
from workorder.policy.values import appointment_ends, display

_CONTENTS = "_contents"
_LINES = "_unwritten_lines"
RUNNING = text("resolve_by IS NOT NULL AND resolved_at IS NULL")
"""Of the orders whose clock runs, by when they are due."""


def _sparse(column: str) -> Index:
    """An index without the rows that have nothing there: planners take one full of NULL for useless."""
    filled = text(f"{column} IS NOT NULL")
    return Index(f"ix_work_orders_{column}", column, sqlite_where=filled, postgresql_where=filled)


class OrderCounter(Base):
    """The last order number given on a day; the row's lock makes numbers unique."""

    __tablename__ = "order_counters"

    day: Mapped[str] = mapped_column(String(8), primary_key=True)
    last: Mapped[int]


class WorkOrder(Base):
    """A service case. Fields live in ``field_values`` with their provenance, the searchable ones also in own columns.

    ``edit_version`` counts people's changes and is what If-Match compares, so that speech never makes an agent's save
    fail; ``version`` counts every write and catches a lost update.
    """

    __tablename__ = "work_orders"

    order_id: Mapped[str] = mapped_column(Key, primary_key=True)
    number: Mapped[str | None] = mapped_column(String(20), unique=True)
    status: Mapped[str] = mapped_column(String(20))
    sequence: Mapped[int] = mapped_column(default=1)
    call_id: Mapped[str | None] = mapped_column(Key)
    customer_id: Mapped[str | None] = mapped_column(Key, ForeignKey(Customer.customer_id))
    created_at: Mapped[datetime]
    created_by: Mapped[str | None] = mapped_column(String(40))
    saved_at: Mapped[datetime | None]
    edit_version: Mapped[int] = mapped_column(default=1)
    version: Mapped[int] = mapped_column(default=1)

    service_type: Mapped[str | None] = mapped_column(String(20))
    customer_name: Mapped[str | None] = mapped_column(sorted_text(80), index=True)
    contact_lookup: Mapped[str | None] = mapped_column(sorted_text(40), index=True)
    appliance: Mapped[str | None] = mapped_column(String(60))
    brand: Mapped[str | None] = mapped_column(String(60))
    model: Mapped[str | None] = mapped_column(sorted_text(80))
    fault: Mapped[str | None] = mapped_column(String(80))
    error_code: Mapped[str | None] = mapped_column(String(40))
    urgency: Mapped[str | None] = mapped_column(String(16))
    city: Mapped[str | None] = mapped_column(String(200))
    district: Mapped[str | None] = mapped_column(String(200))
    address_text: Mapped[str | None] = mapped_column(String(800))
    appointment_start: Mapped[datetime | None]
    appointment_end: Mapped[datetime | None]
    suggested_priority: Mapped[str] = mapped_column(String(16), default="normal")
    suggested_tier: Mapped[str | None] = mapped_column(String(40))
    """The service level a draft would get as it is; ``sla_tier`` is the one an order has."""

    # Last, because SQLite reads a row from its front: a list of orders does not touch the long documents.
    summary: Mapped[str] = mapped_column(String(2000), default="")
    alerts: Mapped[list[Any]]
    field_values: Mapped[dict[str, Any]]

    parent_id: Mapped[str | None] = mapped_column(Key)
    """The order this one is a part of; several parts go on side by side."""
    confirmation: Mapped[str | None] = mapped_column(String(16))
    """On whose word it was closed: ``workorder.policy.lifecycle.Confirmation``."""
    priority: Mapped[str | None] = mapped_column(String(16))
    """``workorder.policy.lifecycle.Priority``; None while nobody decided and the suggestion counts."""
    channel: Mapped[str | None] = mapped_column(String(16))
    """How it came in (``workorder.policy.channels``); None: by a call, or at the desk."""
    chase_ups: Mapped[int] = mapped_column(default=0)
    """How often somebody asked for it again."""
    contact_tail: Mapped[str | None] = mapped_column(sorted_text(20), index=True)
    """The digits of ``contact_lookup`` from the end."""
    asset_id: Mapped[str | None] = mapped_column(Key)
    """The appliance on file that this order is about."""
    warranty: Mapped[str | None] = mapped_column(String(16))
    """``workorder.policy.warranty.Warranty`` as it stood when the order was created or its appliance was named."""
    form: Mapped[Any | None] = mapped_column(JsonColumn)
    """Questions and own fields of its form (``workorder.policy.forms.pinned``); None: the built-in one."""
    handler: Mapped[str | None] = mapped_column(String(40))
    """The user who looks after it."""
    team: Mapped[str | None] = mapped_column(String(80))
    trail_head: Mapped[str] = mapped_column(String(64), default="")
    """Hash of the newest line of the audit trail; "" before the first."""

    # How it stands against its service level: kept by ``workorder.services.service_level``, never by hand.
    sla_urgency: Mapped[str | None] = mapped_column(String(16))
    """What it is timed by: as a person or the talk had it, not as a broken limit raised it."""
    sla_tier: Mapped[str | None] = mapped_column(String(40))
    respond_by: Mapped[datetime | None]
    resolve_by: Mapped[datetime | None]
    """None while the clock stands with time left; a limit that broke before keeps its moment."""
    responded_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    sla_paused: Mapped[str | None] = mapped_column(String(16))
    """Whom we wait for."""
    sla_used_s: Mapped[int | None]
    """Working seconds used of the time to resolve, at the last change; what it took once it is resolved."""
    sla_left_s: Mapped[int | None]
    respond_breached: Mapped[bool] = mapped_column(default=False, server_default=false())
    resolve_breached: Mapped[bool] = mapped_column(default=False, server_default=false())
    sla_checked_at: Mapped[datetime | None]
    """Alerts that fell due until then were dealt with."""
    eta: Mapped[datetime | None]
    """When the technician on the way is expected; None as soon as the order stands elsewhere."""

    __table_args__ = (
        UniqueConstraint("call_id", "sequence"),
        Index(None, "customer_id", "created_at"),
        Index(None, "status", "created_at"),
        Index(None, "created_at"),
        Index("ix_work_orders_running", "resolve_by", sqlite_where=RUNNING, postgresql_where=RUNNING),
        Index(None, "service_type", "resolved_at"),
        Index(None, "brand", "appliance", "fault", "created_at"),
        # How a model begins, with what is often asked for beside it: orders that do not fit are told in the index.
        Index(None, "model", "brand", "fault", "city"),
        Index(None, "city", "district", "created_at"),
        *map(_sparse, ("call_id", "parent_id", "asset_id", "handler")),
    )
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def contents(self) -> Contents:
        """What its documents say; not to be changed."""
        seen: Contents | None = self.__dict__.get(_CONTENTS)
        form = seen.form if seen is not None and seen.form.document is self.form else pinned_form(self.form)
        if seen is None or seen.form is not form or seen.field_values is not self.field_values:
            seen = self.__dict__[_CONTENTS] = Contents(self.field_values, form)
        return seen

    @property
    def fields(self) -> dict[str, FieldValue]:
        """The fields as values with provenance; change them by the methods below, never in this copy."""
        return dict(self.contents.fields)

    @property
    def specs(self) -> Mapping[str, FieldSpec]:
        """Every field it can have."""
        return self.contents.form.specs

    def use_form(self, form: Form | None) -> None:
        """Ask by ``form`` from now on. Values that it has no field for are out of sight until a form has one again."""
        self.form = pinned(form) if form else None

    def prefill(
        self, values: Mapping[str, FieldContent | None], source: Source, *, by: str, at: datetime
    ) -> list[TrailLine]:
        """Fill fields that are still empty: as known of the customer, as the customer sent them, or as typed."""
        state = FieldState.EDITED if source is Source.AGENT else FieldState.INFERRED
        before = self.fields
        fresh = {
            name: FieldValue(value=value, display=display(name, value, self.specs), source=source, state=state)
            for name, value in values.items()
            if value is not None and self._empty(name)
        }
        self._keep({**before, **fresh})
        return self._changes(before, fresh, by=by, at=at)

    def forget(self, values: Mapping[str, FieldContent | None], *, by: str, at: datetime) -> list[TrailLine]:
        """Empty the fields that hold just these values because they were known of a customer."""
        before = self.fields
        gone = {
            name: replace(before[name], value=None, display="")
            for name, value in values.items()
            if name in before and before[name].source is Source.CUSTOMER and before[name].value == value
        }
        kept = {name: value for name, value in before.items() if name not in gone}
        self._keep(kept)
        return self._changes(before, gone, by=by, at=at)

    def forget_person(self) -> None:
        """Empty what tells whose order this is, a form's own fields too; the district stays for the statistics."""
        kept = {name: value for name, value in self.fields.items() if name in FIELDS and name not in PERSONAL}
        address = self.fields.get("address")
        if address is not None and isinstance(address.value, dict):
            place: FieldContent = {**address.value, "detail": None}
            kept["address"] = FieldValue(
                value=place, display=display("address", place), source=address.source, state=address.state
            )
        self._drop_unseen()
        self._keep(kept)
        self.summary = ""

    def hear(self, heard: Mapping[str, FieldValue], *, by: str, at: datetime) -> list[TrailLine]:
        """Take the machine's present knowledge: touched fields stay, vanished heard values are withdrawn."""
        if self.status not in HEARING:
            raise Conflict(f"{self.name} is {self.status}: speech only fills drafts", field="status")
        before = self.fields
        after = dict(before)
        for name, value in heard.items():
            if name not in before or not before[name].touched:
                after[name] = withdrawn(value) if value.state is FieldState.WITHDRAWN else value
        for name, value in before.items():
            if name not in heard and value.source is Source.HEARD and not value.touched:
                after[name] = withdrawn(value)
        self._keep(after)
        return self._changes(before, after, by=by, at=at)

    def edit(
        self, values: Mapping[str, FieldContent | None], accept: Iterable[str], *, by: str, at: datetime
    ) -> list[TrailLine]:
        """A person's new values, and heard values found right. The machine never changes these fields again."""
        self.check_editable()
        before = self.fields
        after = dict(before)
        for name, value in values.items():
            after[name] = FieldValue(
                value=value, display=display(name, value, self.specs), source=Source.AGENT, state=FieldState.EDITED
            )
        for name in accept:
            if name in values:
                continue
            if name not in before or before[name].value is None:
                problem = FieldProblem(name, "nothing_to_accept", "there is no value to accept")
                raise Invalid(f"{name}: {problem.message}", errors=[problem])
            after[name] = replace(before[name], state=FieldState.ACCEPTED)
        self._keep(after)
        self.edit_version += 1
        return self._changes(before, after, by=by, at=at)

    def move(
        self,
        action: Action,
        *,
        by: str,
        at: datetime,
        reason: str | None = None,
        confirmation: Confirmation | None = None,
        open_parts: Sequence[str] = (),
        closed_whole: str | None = None,
        eta: datetime | None = None,
    ) -> TrailLine:
        """Follow the life cycle's table. Conflict names the moves that are possible, Invalid what a guard misses.

        ``open_parts`` and ``closed_whole`` name the orders that may stand in the way.
        """
        move = MOVES[action]
        if self.status not in move.sources:
            possible = ", ".join(actions(Status(self.status))) or "none"
            raise Conflict(
                f"{self.name} is {self.status}: it cannot {action}; possible now: {possible}", field="status"
            )
        asked = Asked(
            reason=reason,
            confirmation=confirmation,
            missing=self.contents.asked()[1] if Guard.FIELDS_COMPLETE in move.guards else (),
            open_parts=tuple(open_parts),
            closed_whole=closed_whole,
        )
        for guard in move.guards:
            check(guard, asked)
        change = self.stamp("status", self.status, move.target, by=by, at=at, reason=reason)
        self.status = move.target
        self.eta = eta if move.target is Status.DEPARTED else None
        self.confirmation = confirmation if Guard.CONFIRMATION in move.guards else self.confirmation
        self.edit_version += 1
        return change

    def set_priority(self, priority: Priority, *, by: str, at: datetime, reason: str | None) -> TrailLine:
        """Say how urgent the work is, against what speech or the service level thought."""
        self.check_editable()
        change = self.stamp("priority", self.priority, priority, by=by, at=at, reason=reason)
        self.priority = priority
        self.edit_version += 1
        return change

    def adopt_suggestion(self, *, by: str, at: datetime) -> list[TrailLine]:
        """Nobody said how urgent the work is: what speech suggested counts from now on."""
        self.priority = self.suggested_priority
        if self.priority == Priority.NORMAL:
            return []
        return [self.stamp("priority", None, self.priority, by=by, at=at, reason="suggested by what was said")]

    def chase(self, by_how_many: int, *, by: str, at: datetime, reason: str) -> TrailLine:
        """Somebody asked for the work again (1), or had not after all (-1); people's edits are not disturbed."""
        before = self.chase_ups or 0
        self.chase_ups = max(0, before + by_how_many)
        return self.stamp("chase_ups", before, self.chase_ups, by=by, at=at, reason=reason[:500])

    def stamp(
        self, field: str, before: object, after: object, *, by: str, at: datetime, reason: str | None = None
    ) -> TrailLine:
        """The next line of the audit trail, chained to the one before it and written with the order."""
        before, after = _plain(before), _plain(after)
        self.trail_head = link(
            self.trail_head or "", self.order_id, at=at, by=by, field=field, before=before, after=after, reason=reason
        )
        line = TrailLine(
            order_id=self.order_id,
            at=at,
            by=by,
            field=field,
            before=before,
            after=after,
            reason=reason,
            hash=self.trail_head,
        )
        self.__dict__.setdefault(_LINES, []).append(line)
        return line

    @property
    def lines(self) -> tuple[TrailLine, ...]:
        """Those that were not written yet, in order."""
        return tuple(self.__dict__.get(_LINES, ()))

    def take_lines(self) -> tuple[TrailLine, ...]:
        """The same, once: whoever takes them writes them (``workorder.model.order_rows``)."""
        return tuple(self.__dict__.pop(_LINES, ()))

    def check_editable(self) -> None:
        """Raise Conflict when the order is done: what it says stays as it is until it is reopened."""
        if self.status not in EDITABLE:
            raise Conflict(f"{self.name} is {self.status} and can no longer be changed", field="status")

    def check_version(self, seen: int | None) -> None:
        """Raise Conflict when somebody else changed the order after the person read it."""
        if seen is not None and seen != self.edit_version:
            raise Conflict(
                f"{self.name} was changed by somebody else (you saw version {seen}, it is now {self.edit_version})",
                field="edit_version",
                fix="load it again and repeat the change",
            )

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"order {self.number or self.order_id}"

    def _empty(self, name: str) -> bool:
        field = self.fields.get(name)
        return field is None or (field.value is None and not field.touched)

    def _changes(
        self, before: Mapping[str, FieldValue], after: Mapping[str, FieldValue], *, by: str, at: datetime
    ) -> list[TrailLine]:
        return [
            self.stamp(name, content_of(before.get(name)), new.value, by=by, at=at)
            for name, new in after.items()
            if content_of(before.get(name)) != new.value
        ]

    def _drop_unseen(self) -> None:
        seen = self.fields
        self.field_values = {name: raw for name, raw in self.field_values.items() if name in seen}

    def _keep(self, fields: Mapping[str, FieldValue]) -> None:
        """Store the fields, those out of sight as they are, and mirror the searchable ones into their columns."""
        seen = self.fields
        unseen = {name: raw for name, raw in self.field_values.items() if name not in seen}
        self.field_values = {**unseen, **{name: encoded(value) for name, value in fields.items()}}
        for column in _TEXT_COLUMNS:
            setattr(self, column, content_of(fields.get(column)))
        phone = content_of(fields.get("contact_phone"))
        self.contact_lookup = parse_phone(phone).lookup if isinstance(phone, str) else None
        self.contact_tail = tail_of(self.contact_lookup) or None
        address = content_of(fields.get("address"))
        parts = address if isinstance(address, dict) else {}
        self.city, self.district = parts.get("city"), parts.get("district")
        self.address_text = display("address", address) or None
        self.appointment_start, self.appointment_end = appointment_ends(content_of(fields.get("appointment")))


_TEXT_COLUMNS = ("service_type", "customer_name", "appliance", "brand", "model", "fault", "error_code", "urgency")


def _plain(content: object) -> object:
    """Words and numbers of ours as plain text: SQLite gives a number in a JSON column back as something else."""
    return str(content) if isinstance(content, StrEnum | int) and not isinstance(content, bool) else content
