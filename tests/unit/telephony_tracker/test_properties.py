"""Whatever happens on the way, a device is offered a call once, and nothing is left when the last channel is gone.

Streams are made of the captured calls, renumbered so that any number of them can go on at once.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from callcenter.telephony.ami_reading import parse
from callcenter.telephony.ami_stream import AmiParser
from callcenter.telephony.events import CallArrived, CallEnded, CallEvent, CallOffered
from tests.unit.telephony_tracker import expected
from tests.unit.telephony_tracker.pbx import Line, Pbx
from tests.unit.telephony_tracker.traces import calls, found, headers_of, run, tracker

Messages = list[dict[str, str]]

CALLS = [path for path in found("lean") if expected.EXPECTED[path.stem]]
IDS = re.compile(r"^\w*(Uniqueid|Linkedid)$")
DEVICES = "PJSIP/(100[123])"


@cache
def capture(number: int) -> Messages:
    """The messages of one captured call."""
    return headers_of(CALLS[number])


def renumbered(number: int, copy: int) -> Messages:
    """A captured call with ids and agents of its own, so that it can run beside others.

    The bridge ids stay: they are random in each capture, and the copies get a suffix too.
    """
    return [
        {
            key: f"{copy}-{value}" if IDS.match(key) and value else re.sub(DEVICES, rf"PJSIP/\1{copy:03d}", value)
            for key, value in headers.items()
        }
        for headers in capture(number)
        if headers.get("Event") != "DeviceStateChange"
    ]


def offers(facts) -> Counter[str]:
    """How often each channel was offered a call."""
    return Counter(fact.uniqueid for fact in facts if isinstance(fact, CallOffered))


def expected_offers(number: int) -> int:
    return sum(" offered to " in line for line in expected.EXPECTED[CALLS[number].stem])


def hung_up(messages: Messages) -> Messages:
    """A Hangup for every channel the messages speak of."""
    ids = dict.fromkeys(
        (headers[f"{end}Uniqueid"], headers.get(f"{end}Linkedid", ""), headers.get(f"{end}Channel", ""))
        for headers in messages
        for end in ("", "Dest")
        if headers.get(f"{end}Uniqueid")
    )
    return [
        {"Event": "Hangup", "Uniqueid": unique, "Linkedid": linked, "Channel": channel, "Timestamp": "1795399999.0"}
        for unique, linked, channel in ids
    ]


some_calls = st.lists(st.integers(0, len(CALLS) - 1), min_size=1, max_size=6)


@st.composite
def interleaved(draw):
    """Several captured calls at once: each in its own order, dealt into one stream at random."""
    numbers = draw(some_calls)
    streams = [renumbered(number, copy) for copy, number in enumerate(numbers)]
    dealt = draw(st.permutations([copy for copy, stream in enumerate(streams) for _ in stream]))
    heads = [iter(stream) for stream in streams]
    return numbers, [next(heads[copy]) for copy in dealt]


@st.composite
def repeated(draw):
    """One captured call in which any message may come twice: at once, or long after."""
    number = draw(st.integers(0, len(CALLS) - 1))
    messages = capture(number)
    again = draw(st.lists(st.tuples(st.integers(0, len(messages) - 1), st.integers(0, 40)), max_size=20))
    stream = [(float(at), headers) for at, headers in enumerate(messages)]
    stream += [(at + later + 0.5, messages[at]) for at, later in again]
    return number, [headers for _, headers in sorted(stream, key=lambda item: item[0])]


@settings(max_examples=60)
@given(interleaved())
def test_calls_at_once_do_not_mix(given_calls):
    """Interleaved calls give each call the events that it gives alone."""
    numbers, messages = given_calls
    used = tracker()
    facts = [fact for fact in run(messages, used) if isinstance(fact, CallEvent)]
    alone = [fact for n, number in enumerate(numbers) for fact in run(renumbered(number, n), tracker())]
    assert Counter(map(_plain, calls(facts))) == Counter(
        _plain(line) for n, number in enumerate(numbers) for line in calls(run(renumbered(number, n), tracker()))
    )
    assert offers(facts) == offers(alone)
    assert used.size == 0


def _plain(line: str) -> str:
    """An event without the name of its call."""
    return line.partition(" ")[2]


@settings(max_examples=100)
@given(repeated())
def test_repeated_messages_offer_nothing_twice(given_call):
    """Messages that come twice, even late, repeat no offer and leave nothing behind."""
    number, messages = given_call
    used = tracker()
    facts = run(messages, used)
    assert offers(facts) == offers(run(capture(number), tracker()))
    assert sum(offers(facts).values()) == expected_offers(number)
    assert _ended_once(facts)
    assert used.size == 0


@settings(max_examples=100)
@given(interleaved(), st.floats(0, 1))
def test_stream_cut_short_leaves_nothing_once_all_hang_up(given_calls, share):
    """A stream that breaks off anywhere, followed by nothing but the Hangups, ends every call once."""
    _, messages = given_calls
    kept = messages[: int(len(messages) * share)]
    used = tracker()
    facts = run([*kept, *hung_up(kept)], used)
    assert max(offers(facts).values(), default=0) <= 1
    assert _ended_once(facts)
    assert used.size == 0


@settings(max_examples=100)
@given(interleaved(), st.floats(0, 1))
def test_stream_that_begins_anywhere_leaves_nothing(given_calls, share):
    """A client that joins in the middle of calls is left with nothing once they are over."""
    _, messages = given_calls
    kept = messages[int(len(messages) * share) :]
    used = tracker()
    facts = run([*kept, *hung_up(kept)], used)
    assert max(offers(facts).values(), default=0) <= 1
    assert _ended_once(facts)
    assert used.size == 0


@settings(max_examples=100)
@given(st.integers(0, len(CALLS) - 1), st.randoms(use_true_random=False))
def test_any_order_at_all_is_survived(number, random):
    """Messages in an order that no PBX sends raise nothing, offer nothing twice and leave nothing."""
    messages = list(capture(number))
    random.shuffle(messages)
    used = tracker()
    facts = run([*messages, *hung_up(messages)], used)
    assert max(offers(facts).values(), default=0) <= 1
    assert used.size == 0


@settings(max_examples=30)
@given(some_calls, st.lists(st.integers(1, 65536), min_size=1, max_size=20))
def test_bytes_to_events_in_any_slicing(numbers, sizes):
    """From bytes in any slicing, up to 64 KiB, the events are those of the whole stream."""
    stream = b"".join(CALLS[number].read_bytes() for number in dict.fromkeys(numbers))
    parser, used, facts, at = AmiParser(), tracker(), [], 0
    for size in _over_and_over(sizes):
        if at >= len(stream):
            break
        facts += run(parser.feed(stream[at : at + size]), used)
        at += size
    assert calls(facts) == calls(run(AmiParser().feed(stream), tracker()))


def _over_and_over(sizes: list[int]):
    while True:
        yield from sizes


def _ended_once(facts) -> bool:
    arrived = Counter(fact.call_id for fact in facts if isinstance(fact, CallArrived))
    ended = Counter(fact.call_id for fact in facts if isinstance(fact, CallEnded))
    return arrived == ended and set(arrived.values()) <= {1}


def test_memory_of_dead_channels_is_bounded():
    """Thousands of calls leave only the last uniqueids behind."""
    pbx = Pbx()
    used = tracker()
    for _ in range(12_000):
        caller, arrived = pbx.call_in("13800138000")
        for headers in (*arrived, pbx.hangup(caller)):
            event = parse(headers)
            assert event is not None
            used.apply(event)
    assert used.size == 0
    assert len(used._gone) == 10_000


class AnyCalls(RuleBasedStateMachine):
    """A PBX on which anything may happen in any order, some of it twice."""

    callers = Bundle("callers")
    ringing = Bundle("ringing")
    talking = Bundle("talking")

    def __init__(self) -> None:
        super().__init__()
        self.pbx = Pbx()
        self.tracker = tracker()
        self.alive: dict[str, Line] = {}
        self.offered: Counter[str] = Counter()
        self.open: set[str] = set()

    def send(self, messages: Messages) -> None:
        for fact in run(messages, self.tracker):
            if isinstance(fact, CallOffered):
                self.offered[fact.uniqueid] += 1
            elif isinstance(fact, CallArrived):
                assert fact.call_id not in self.open
                self.open.add(fact.call_id)
            elif isinstance(fact, CallEnded):
                self.open.remove(fact.call_id)
            elif isinstance(fact, CallEvent):
                assert fact.call_id in self.open

    @rule(target=callers, twice=st.booleans())
    def call_comes_in(self, twice):
        caller, messages = self.pbx.call_in("13800138000")
        self.alive[caller.uniqueid] = caller
        self.send(messages * (1 + twice))
        return caller

    @rule(target=ringing, caller=callers, device=st.sampled_from(["1001", "1002", "1003"]), twice=st.booleans())
    def device_rings(self, caller, device, twice):
        leg, messages = self.pbx.dial(caller, device)
        if caller.uniqueid in self.alive:
            self.alive[leg.uniqueid] = leg
            self.send(messages * (1 + twice))
        return caller, leg

    @rule(target=talking, pair=consumes(ringing), bridge=st.sampled_from(["b1", "b2", "b3"]), twice=st.booleans())
    def device_picks_up(self, pair, bridge, twice):
        caller, leg = pair
        if caller.uniqueid in self.alive and leg.uniqueid in self.alive:
            self.send(self.pbx.answer(caller, leg, bridge) * (1 + twice))
        return leg

    @rule(leg=talking, name=st.sampled_from(["Hold", "Unhold", "BridgeLeave", "NewCallerid", "NewConnectedLine"]))
    def something_happens(self, leg, name):
        self.send([self.pbx.about(name, leg, BridgeUniqueid="b1")])

    @rule(leg=talking)
    def agent_transfers_blindly(self, leg):
        self.send(
            [self.pbx.event("BlindTransfer", Result="Success", TransfererUniqueid=leg.uniqueid, Extension="1002")]
        )

    @rule(one=talking, two=talking)
    def agent_joins_two_calls(self, one, two):
        self.send(
            [
                self.pbx.event(
                    "AttendedTransfer", Result="Success", OrigTransfererUniqueid=one.uniqueid,
                    SecondTransfererUniqueid=two.uniqueid,
                )
            ]
        )  # fmt: skip

    @rule(caller=callers, other=callers)
    def linkedid_changes(self, caller, other):
        caller.linkedid = other.linkedid
        self.send([self.pbx.about("NewCallerid", caller)])

    @rule(pair=consumes(ringing), cause=st.sampled_from([0, 16, 17, 19, 21, 26]))
    def device_stops_ringing(self, pair, cause):
        self.hang_up(pair[1], cause)

    @rule(leg=consumes(talking))
    def agent_hangs_up(self, leg):
        self.hang_up(leg, 16)

    @rule(caller=consumes(callers))
    def caller_hangs_up(self, caller):
        self.hang_up(caller, 16)

    def hang_up(self, line: Line, cause: int) -> None:
        self.alive.pop(line.uniqueid, None)
        self.send([self.pbx.hangup(line, cause)] * 2)

    @invariant()
    def each_device_was_offered_once(self):
        assert max(self.offered.values(), default=0) <= 1

    @invariant()
    def live_calls_are_those_with_channels(self):
        assert sum(view.channels for view in self.tracker.live) == len(self.alive)
        assert {view.call_id for view in self.tracker.live} == self.open

    def teardown(self):
        for line in list(self.alive.values()):
            self.hang_up(line, 16)
        assert self.tracker.size == 0
        assert not self.open


TestAnyCalls = AnyCalls.TestCase
TestAnyCalls.settings = settings(max_examples=60, stateful_step_count=40)
