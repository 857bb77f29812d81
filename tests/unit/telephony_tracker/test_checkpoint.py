"""A tracker put on paper and back behaves as if nothing had happened."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from callcenter.telephony.ami_reading import EVENT_NAMES, parse
from callcenter.telephony.ami_stream import AmiParser
from callcenter.telephony.call_tracker import CallTracker
from callcenter.telephony.checkpoint import CheckpointUnreadable, checkpoint, restore

TRACES = sorted((Path(__file__).parents[2] / "fixtures" / "ami" / "full").glob("*.txt"))


def fresh(handed_out: int = 0) -> tuple[CallTracker, list[str]]:
    """A tracker and the ids it has handed out."""
    ids = [f"id{number}" for number in range(handed_out)]

    def new_id() -> str:
        ids.append(f"id{len(ids)}")
        return ids[-1]

    return CallTracker(new_id=new_id, now=lambda: 0.0), ids


@pytest.mark.parametrize("trace", TRACES, ids=lambda path: path.stem)
def test_a_restored_tracker_goes_on_like_the_first(trace):
    """Wherever in a real trace the paper is written, the events after it mean exactly the same."""
    headers = AmiParser(only=EVENT_NAMES).feed(trace.read_bytes())
    events = [event for header in headers if (event := parse(header)) is not None]
    one, ids = fresh()
    papers, expected = [], []
    for event in events:
        papers.append((orjson.dumps(checkpoint(one)), len(ids)))
        expected.append(one.apply(event))
    for at in range(0, len(events), max(1, len(events) // 12)):
        paper, handed_out = papers[at]
        other, _ = fresh(handed_out)
        restore(other, orjson.loads(paper))
        assert orjson.dumps(checkpoint(other)) == paper
        assert [other.apply(event) for event in events[at:]] == expected[at:]
        assert other.size == one.size


def test_paper_of_another_version_is_refused():
    """A checkpoint with other fields says so, and what to do."""
    state = checkpoint(fresh()[0])
    state["calls"] = [{"call_id": "x"}]
    with pytest.raises(CheckpointUnreadable, match="first file of that run"):
        restore(fresh()[0], state)
