from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.bus.codec import Codec, EventUnreadable
from callcenter.features.shared_events import codec, shared_events
from callcenter.media.events import SegmentHeard, SpeechPartial
from callcenter.telephony.events import CallOffered

st.register_type_strategy(datetime, st.datetimes(timezones=st.just(UTC)))
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))


@pytest.mark.parametrize("kind", shared_events(), ids=lambda kind: kind.__name__)
@settings(max_examples=5)
@given(data=st.data())
def test_every_shared_event_comes_back_as_it_was(kind, data):
    """Whatever its fields hold, an event is the same after the wire: times, enums, words and numbers too."""
    event = data.draw(st.from_type(kind))
    name, payload = codec().encode(event)
    assert name == f"{kind.__name__}.v1"
    assert codec().decode(name, payload) == event


def test_calls_speech_and_orders_are_shared():
    """The facts that other processes need are in the table; parts and bases of facts are not."""
    names = {kind.__name__ for kind in shared_events()}
    assert {CallOffered, SegmentHeard, SpeechPartial} < set(shared_events())
    assert {"WorkOrderCreated", "CallerIdentified", "RecordingStored"} < names
    assert not names & {"HeardWord", "CallEvent", "OrderEvent", "CallerDescribed"}


@dataclass(frozen=True)
class Moved:
    version: ClassVar[int] = 2
    place: str


def test_a_new_version_has_a_new_name():
    """A process that only knows the old version does not misread the new one: it says that it does not know it."""
    assert Codec((Moved,)).encode(Moved("here"))[0] == "Moved.v2"
    with pytest.raises(EventUnreadable, match=r"no event is called Moved\.v1"):
        Codec((Moved,)).decode("Moved.v1", b"{}")


@pytest.mark.parametrize("payload", [b"", b"[]", b"\xff", b'{"place": 7}', b'{"place"'])
def test_rubbish_is_said_without_repeating_it(payload):
    """Bytes that are no such event raise one error that names the place and holds none of the content."""
    with pytest.raises(EventUnreadable) as caught:
        Codec((Moved,)).decode("Moved.v2", payload)
    assert "7" not in caught.value.message


def test_new_fields_with_a_default_are_understood_both_ways():
    """A field that the sender does not know yet has its default; one that we do not know is left out."""
    assert Codec((Moved,)).decode("Moved.v2", b'{"place": "a", "new": 1}') == replace(Moved(""), place="a")
