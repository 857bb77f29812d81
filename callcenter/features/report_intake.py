"""Reports from other channels: their free text is understood like speech, then the domain takes them in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from callcenter.features.heard_fields import order_fields
from nlp.extract import Extractor
from nlp.types import CallContext, Extraction, Segment
from workorder.commands import CreateWorkOrder
from workorder.fields import AlertView, FieldContent, FieldState, FieldValue

LONGEST = 2000
"""Characters of free text that are understood and kept as the description; the whole is in the payload."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report as it came in by ``channel``; ``text`` is what the customer wrote in their own words."""

    channel: str
    by: str
    at: datetime
    fields: Mapping[str, FieldContent | None]
    text: str = ""
    external_id: str | None = None
    sender: str | None = None
    customer_id: str | None = None
    payload: bytes = b""
    media_type: str = "application/json"
    attach: bool = True


class ReportIntake:
    """Makes the domain's one command out of a report of any channel."""

    def __init__(self, *, extractor: Callable[[], Awaitable[Extractor]], zone: ZoneInfo) -> None:
        self._extractor = extractor
        self._zone = zone

    async def command(self, report: Report) -> CreateWorkOrder:
        """The report with what its text is understood to say."""
        text = report.text.strip()[:LONGEST]
        understood = await self._understood(text, report) if text else Extraction()
        return CreateWorkOrder(
            by=report.by,
            at=report.at,
            channel=report.channel,
            fields={"description": text, **report.fields} if text else report.fields,
            heard=_without_evidence(order_fields(understood.slots, "")),
            summary=understood.summary,
            alerts=tuple(AlertView(alert.kind, alert.display) for alert in understood.alerts),
            suggested_priority=understood.suggested_priority,
            external_id=report.external_id,
            sender=report.sender,
            customer_id=report.customer_id,
            payload=report.payload,
            media_type=report.media_type,
            attach=report.attach,
            business_day=report.at.astimezone(self._zone).strftime("%Y%m%d"),
        )

    async def _understood(self, text: str, report: Report) -> Extraction:
        extractor = await self._extractor()
        number = report.fields.get("contact_phone")
        context = CallContext(
            started_at=report.at.astimezone(self._zone), caller_number=number if isinstance(number, str) else None
        )
        # A long text takes a while: not on the event loop.
        return await asyncio.to_thread(_read, extractor, context, text)


def _read(extractor: Extractor, context: CallContext, text: str) -> Extraction:
    session: Any = extractor.start(context)
    latest = Extraction()
    for number, line in enumerate(filter(None, map(str.strip, text.splitlines()))):
        latest = session.push(Segment(segment_id=f"text-{number}", speaker="caller", text=line))
    return latest


def _without_evidence(fields: Mapping[str, FieldValue]) -> dict[str, FieldValue]:
    """There is no audio to play and no transcript to point to: the description holds the words."""
    return {
        name: replace(value, evidence=()) for name, value in fields.items() if value.state is not FieldState.WITHDRAWN
    }
