"""Between what extraction understood and the work order: segments in, fields out, and the draft as it is journalled."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from callcenter.media.events import SegmentHeard, Speaker
from callcenter.storage.call_views import SegmentView
from nlp.readable import Shown, apply
from nlp.types import Extraction, KnownAsset, KnownCustomer, Segment, SlotValue, WordTime
from workorder.fields import EvidenceRef, FieldState, FieldValue, Source
from workorder.views.customers import CustomerCard

SUMMARY_RULE = "summary"


def known_customer(card: CustomerCard) -> KnownCustomer:
    """What the pop knows, for repairing misheard words."""
    return KnownCustomer(
        names=(card.name,),
        phones=tuple(phone.raw for phone in card.phones),
        addresses=tuple(address.display for address in card.addresses),
        assets=tuple(KnownAsset(asset.appliance, asset.brand or None, asset.model or None) for asset in card.assets),
    )


def nlp_segment(event: SegmentHeard) -> Segment:
    """An utterance as extraction takes it: with the names that are meant, each as long as what was heard."""
    return Segment(
        segment_id=event.segment_id,
        speaker=event.speaker.value,
        text=apply(event.text, [Shown(heard.start, heard.end, heard.name) for heard in event.names]),
        start_ms=event.start_ms,
        end_ms=event.end_ms,
        words=tuple(WordTime(word.word, word.start_ms, word.end_ms, word.confidence) for word in event.words),
    )


def stored_segment(view: SegmentView) -> Segment:
    """An utterance as it was stored."""
    return Segment(
        segment_id=view.segment_id,
        speaker=Speaker(view.speaker).value,
        text=apply(view.text, [Shown(*name) for name in view.names]),
        start_ms=view.start_ms,
        end_ms=view.end_ms,
        words=tuple(WordTime(*word) for word in view.words),
    )


def order_fields(slots: tuple[SlotValue, ...], summary: str) -> dict[str, FieldValue]:
    """Slots as fields of a work order; the summary becomes the description."""
    fields = {slot.name: _field(slot) for slot in slots}
    if summary:
        fields["description"] = FieldValue(
            value=summary, display=summary, source=Source.HEARD, state=FieldState.INFERRED, rule=SUMMARY_RULE
        )
    return fields


def _field(slot: SlotValue) -> FieldValue:
    return FieldValue(
        value=slot.value,
        display=slot.display,
        source=Source.HEARD,
        state=FieldState(slot.state.value),
        confidence=slot.confidence,
        rule=slot.rule,
        evidence=tuple(
            EvidenceRef(found.segment_id, found.start_char, found.end_char, found.start_ms, found.end_ms)
            for found in slot.evidence
        ),
    )


def draft_view(latest: Extraction) -> dict[str, bytes]:
    """Everything a draft of these slots holds, each entry as JSON; a second order's fields are named ``2.brand``."""
    fields = {
        **order_fields(latest.slots, latest.summary),
        **{f"2.{name}": value for name, value in order_fields(latest.second, "").items()},
    }
    view = {name: orjson.dumps(value) for name, value in fields.items()}
    view["alerts"] = orjson.dumps([[alert.kind, alert.display] for alert in latest.alerts])
    view["suggested_priority"] = orjson.dumps(latest.suggested_priority)
    return view


def draft_changes(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> dict[str, object]:
    """What became of ``old``, for JSON: ``set`` and ``gone``."""
    return {
        "set": {name: orjson.Fragment(value) for name, value in new.items() if old.get(name) != value},
        "gone": [name for name in old if name not in new],
    }
