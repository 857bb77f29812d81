"""Extractions in the format of the corpus, and dialogue records as segments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

from nlp.errors import RecordError
from nlp.types import CallContext, Extraction, Segment, SlotState, SlotValue


def to_gold(extraction: Extraction) -> dict[str, Any]:
    """Fields as the corpus writes them: what was not said is absent."""
    fields = _fields(extraction.slots)
    second = _fields(extraction.second)
    if second:
        fields["second_ticket"] = second
    return fields


def _fields(slots: Iterable[SlotValue]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for slot in slots:
        if slot.state is SlotState.WITHDRAWN:
            continue
        if slot.name == "address" and isinstance(slot.value, dict):
            said = {k: v for k, v in slot.value.items() if v and k not in slot.inferred}
            if said:
                fields["address"] = said
        else:
            fields[slot.name] = slot.value
    return fields


def read_dialogue(record: Mapping[str, Any]) -> tuple[str, CallContext, list[Segment]]:
    """(id, context, segments) of one record. Raises RecordError saying what is wrong."""
    try:
        started = datetime.fromisoformat(record["call_started_at"])
        number = record.get("caller_number")
        turns = [_segment(i, turn) for i, turn in enumerate(record["turns"])]
        return str(record["id"]), CallContext(started, None if number is None else str(number)), turns
    except KeyError as e:
        raise RecordError(f"the key {e.args[0]!r} is missing") from e
    except (TypeError, ValueError, AttributeError) as e:
        raise RecordError(f"not a dialogue: {e}") from e


def _segment(index: int, turn: Mapping[str, Any]) -> Segment:
    speaker: Literal["caller", "agent"] = "agent" if turn["speaker"] == "agent" else "caller"
    return Segment(
        str(turn.get("segment_id", index)), speaker, str(turn["text"]), turn.get("start_ms"), turn.get("end_ms")
    )
