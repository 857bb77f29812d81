"""The link against peers on loopback: the twelve defects of panoramisk 1.4, and every way in which a link can die."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from callcenter.clock import Clock, SystemClock, VirtualClock
from callcenter.errors import Invalid
from callcenter.telephony import ami_link
from callcenter.telephony.ami_link import (
    AmiLink,
    Connected,
    Disconnected,
    LinkDown,
    LoginRefused,
    Loss,
    NoAnswer,
)
from callcenter.telephony.simulator.pbx import SimulatedPbx
from tests.integration.scripted_ami import accept, saying, scripted_ami


@asynccontextmanager
async def link_to(
    port: int, *, clock: Clock | None = None, up: bool = True, **settings: object
) -> AsyncIterator[AmiLink]:
    """A started link to a peer on loopback; with ``up`` it is logged in."""
    link = AmiLink(
        host="127.0.0.1",
        port=port,
        username="callcenter",
        secret=settings.pop("secret", "simulated"),
        clock=clock or SystemClock(),
        jitter=lambda: 1.0,
        **settings,
    )
    link.start()
    try:
        if up:
            await link.wait_connected(20)
        yield link
    finally:
        await link.aclose()


@asynccontextmanager
async def simulated_pbx(**settings: object) -> AsyncIterator[SimulatedPbx]:
    pbx = SimulatedPbx(**settings)
    await pbx.start()
    try:
        yield pbx
    finally:
        await pbx.aclose()


async def next_of(link: AmiLink, kind: type) -> object:
    """The next Connected or Disconnected of the link, or event (dict)."""
    while not isinstance(item := await link.events.get(), kind):
        pass
    return item


# The twelve defects


@pytest.mark.parametrize("action", [{"Action": "Originate", "Channel": "PJSIP/1001"}, {"Action": "Atxfer"}])
async def test_defect_1_an_action_with_a_plain_answer_leaves_the_link_up(action: dict[str, str]) -> None:
    """Originate without Async and Atxfer get their answer; the link stays."""
    queued = saying("Response: Success", "Message: Originate successfully queued")
    async with scripted_ami(Originate=queued, Atxfer=queued) as ami, link_to(ami.port) as link:
        reply = await link.send(action)
        assert (reply.success, reply.message) == (True, "Originate successfully queued")
        await link.send({"Action": "Ping"})
        assert ami.connections == 1


async def test_defect_2_queue_add_completes() -> None:
    """An answer that panoramisk takes for the start of a list is a whole answer unless we asked for a list."""
    added = saying("Response: Success", "Message: Added interface to queue")
    async with scripted_ami(QueueAdd=added) as ami, link_to(ami.port) as link:
        assert (await link.send({"Action": "QueueAdd", "Queue": "support"})).success


async def test_defect_3_events_wait_for_a_consumer_that_stumbles() -> None:
    """No code of the consumer runs inside the socket's callback: everything sent is in the queue, in order."""
    async with scripted_ami() as ami, link_to(ami.port) as link:
        for number in range(3):
            ami.send("Event: Odd", f"Number: {number}")
        await link.send({"Action": "Ping"})
        numbers = [(await next_of(link, dict))["Number"] for _ in range(3)]
        assert numbers == ["0", "1", "2"]


async def test_defect_4_a_half_open_connection_is_noticed_within_15_s() -> None:
    """A peer that neither answers nor closes is given up after ping interval and timeout, and tried anew."""
    clock = VirtualClock()
    async with simulated_pbx() as pbx, link_to(pbx.port, clock=clock) as link:
        pbx.half_open()
        await clock.advance(4)
        await clock.advance(8)
        lost = await next_of(link, Disconnected)
        assert lost.reason is Loss.SILENT
        assert (lost.at - lost.heard_at).total_seconds() <= 15
        assert not link.connected
        await clock.advance(1)
        await link.wait_connected(10)


async def test_defect_5_an_unanswered_originate_is_never_sent_again() -> None:
    """The connection dies before the answer: the caller is told, and after the reconnect nothing is repeated."""
    async with scripted_ami() as ami, link_to(ami.port, reconnect_min_s=0.01) as link:
        await next_of(link, Connected)
        asking = asyncio.create_task(link.send({"Action": "Originate", "Channel": "PJSIP/1001", "Async": "true"}))
        await ami.wait_for("Originate")
        ami.cut()
        with pytest.raises(LinkDown, match="before Originate was answered"):
            await asking
        await next_of(link, Connected)
        await link.send({"Action": "Ping"})
        assert ami.count("Originate") == 1


async def test_defect_6_a_list_cut_in_the_middle_fails_at_once() -> None:
    """Nobody waits forever for the rest of a list."""
    start = saying("Response: Success", "EventList: start", "Message: Channels will follow")
    async with scripted_ami(CoreShowChannels=start) as ami, link_to(ami.port) as link:
        asking = asyncio.create_task(link.send({"Action": "CoreShowChannels"}, as_list=True))
        action = await ami.wait_for("CoreShowChannels")
        ami.send("Event: CoreShowChannel", f"ActionID: {action['ActionID']}", "Channel: PJSIP/1001-00000001")
        ami.cut()
        with pytest.raises(LinkDown):
            await asking


async def test_defect_7_a_wrong_secret_is_said_and_not_hammered() -> None:
    """The refusal is raised with the PBX's words; the next try comes half a minute later at the earliest."""
    clock = VirtualClock()
    refuse = saying("Response: Error", "Message: Authentication failed")
    async with scripted_ami(Login=refuse) as ami, link_to(ami.port, clock=clock, up=False) as link:
        with pytest.raises(LoginRefused, match="login as callcenter: Authentication failed"):
            await link.wait_connected(10)
        await clock.advance(29)
        assert ami.connections == 1
        await clock.advance(1)
        await ami.wait_for("Login", 2)
        assert link.state.last_error == "refused_at_login: login as callcenter: Authentication failed"


async def test_defect_8_close_stops_a_link_that_waits_to_reconnect() -> None:
    """After aclose nothing connects any more, however long one waits."""
    clock = VirtualClock()
    async with scripted_ami() as ami:
        async with link_to(ami.port, clock=clock) as link:
            await next_of(link, Connected)
            ami.cut()
            await next_of(link, Disconnected)
        await clock.advance(1000)
        assert ami.connections == 1
        assert link.state.connected is False
        assert not [task for task in asyncio.all_tasks() if task.get_name() == "ami-link"]


async def test_defect_9_a_character_cut_by_a_packet_edge_is_whole() -> None:
    """Any cut of an event's bytes gives the same text."""
    event = "Event: Newchannel\r\nCallerIDName: 测试客户\r\n\r\n".encode()
    async with scripted_ami() as ami, link_to(ami.port) as link:
        await next_of(link, Connected)
        for cut in range(1, len(event)):
            link._session.data_received(event[:cut])
            link._session.data_received(event[cut:])
        names = {(await next_of(link, dict))["CallerIDName"] for _ in range(1, len(event))}
        assert names == {"测试客户"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Channel", "PJSIP/1001\r\nAction: Command"),
        ("CallerID", "a\nb"),
        ("Data", "\0"),
        ("Exten", "9" * 1200),
        ("CallerID", "\udc80"),
    ],
)
async def test_defect_10_what_would_inject_or_be_cut_is_refused(field: str, value: str) -> None:
    """Line ends, NUL and oversize raise Invalid naming the header, and nothing is sent."""
    async with scripted_ami() as ami, link_to(ami.port) as link:
        with pytest.raises(Invalid) as refused:
            await link.send({"Action": "Originate", field: value})
        assert refused.value.field == field
        await link.send({"Action": "Ping"})
        assert ami.count("Originate") == 0


async def test_defect_10_a_header_name_cannot_inject_either() -> None:
    """A header's name is letters, digits and dashes."""
    async with scripted_ami() as ami, link_to(ami.port) as link:
        with pytest.raises(Invalid):
            await link.send({"Action": "Ping", "X\r\nAction: Logoff\r\nY": "1"})


async def test_defect_10_holds_for_the_login_too() -> None:
    """A secret with a line end is refused when the link is made, without showing it."""
    with pytest.raises(Invalid) as refused:
        AmiLink(host="127.0.0.1", port=1, username="u", secret="hidden\r\n", clock=SystemClock())
    assert refused.value.field == "Secret"
    assert "hidden" not in str(refused.value)


async def test_a_defect_inside_a_session_does_not_end_the_link(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is logged, the state says down, and the link connects again."""
    async with scripted_ami() as ami, link_to(ami.port, reconnect_min_s=0.01) as link:
        await next_of(link, Connected)
        whole, broken = link._watch, [True]

        async def stumble(session: object) -> object:
            if broken.pop() if broken else False:
                raise ZeroDivisionError
            return await whole(session)

        monkeypatch.setattr(link, "_watch", stumble)
        ami.cut()
        lost = await next_of(link, Disconnected)
        assert lost.reason is Loss.CLOSED
        await ami.wait_for("Login", 3)
        await link.wait_connected(20)


async def test_defect_11_sending_without_a_link_says_so() -> None:
    """LinkDown with the reason, also before the first connection; events are plain dicts."""
    link = AmiLink(host="127.0.0.1", port=1, username="u", secret="s", clock=SystemClock())
    with pytest.raises(LinkDown, match="not connected yet"):
        await link.send({"Action": "Ping"})
    async with scripted_ami() as ami, link_to(ami.port) as up:
        ami.send("Event: Any")
        event = await next_of(up, dict)
        with pytest.raises(KeyError):
            event["typo"]


async def test_defect_12_order_is_kept_and_the_pile_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of events come in order; a consumer that stopped reading costs the session, not the memory."""
    monkeypatch.setattr(ami_link, "QUEUE_LIMIT", 5000)
    async with scripted_ami() as ami, link_to(ami.port, reconnect_min_s=0.01) as link:
        await next_of(link, Connected)
        ami.write(b"".join(b"Event: E\r\nNumber: %d\r\n\r\n" % number for number in range(4000)))
        numbers = [int((await next_of(link, dict))["Number"]) for _ in range(4000)]
        assert numbers == list(range(4000))
        ami.write(b"Event: E\r\n\r\n" * 6000)
        await ami.wait_for("Login", 2)
        assert link.events.qsize() <= 5003
        assert (await next_of(link, Disconnected)).reason is Loss.OVERLOADED


# Ways to die


async def test_the_banner_gives_the_version_and_nothing_comes_before_connected() -> None:
    """Events in the same packet as the login's answer come after Connected."""

    def eager(ami, action) -> None:
        accept(ami, action)
        ami.send("Event: FullyBooted")

    async with scripted_ami(Login=eager) as ami, link_to(ami.port) as link:
        assert (await link.events.get()).version == "11.0.0"
        assert await link.events.get() == {"Event": "FullyBooted"}


async def test_something_else_on_the_port_is_recognised() -> None:
    """A web server is no PBX, and the message says which setting to check."""
    async with scripted_ami() as ami:
        ami.banner = b"HTTP/1.1 400 Bad Request\r\n\r\n"
        async with link_to(ami.port, up=False) as link:
            lost = await next_of(link, Disconnected)
            assert lost.reason is Loss.NOT_AMI
            assert "pbx.port" in str(link._down(LinkDown))


async def test_nobody_there_is_unreachable_and_reported_once() -> None:
    """Retries go on quietly: one Disconnected, the state tells the rest."""
    clock = VirtualClock()
    async with scripted_ami() as ami:
        port = ami.port
    async with link_to(port, clock=clock, up=False) as link:
        assert (await next_of(link, Disconnected)).reason is Loss.UNREACHABLE
        for _ in range(5):
            await clock.advance(3)
            await asyncio.sleep(0)
        assert link.events.empty()
        assert link.state.last_error.startswith("unreachable: 127.0.0.1:")


async def test_a_peer_closing_during_login_is_told_from_a_wrong_secret() -> None:
    """A closed door before the answer points to ACLs and firewalls."""
    async with scripted_ami(Login=lambda ami, _action: ami.cut()) as ami, link_to(ami.port, up=False) as link:
        assert (await next_of(link, Disconnected)).reason is Loss.CLOSED_AT_LOGIN


async def test_a_peer_silent_at_login_is_given_up() -> None:
    """Accepting the connection is not enough."""
    clock = VirtualClock()
    async with simulated_pbx() as pbx:
        pbx.fall_silent()
        async with link_to(pbx.port, clock=clock, up=False) as link:
            while not pbx.sessions:
                await asyncio.sleep(0)
            await clock.advance(8)
            lost = await next_of(link, Disconnected)
            assert (lost.reason, lost.heard_at) == (Loss.SILENT, None)


@pytest.mark.parametrize("failure", ["kill", "restart", "cut_mid_message"])
async def test_a_lost_connection_is_made_again(failure: str) -> None:
    """Reset, clean stop, or cut inside a message: Disconnected, then Connected, and no half event between."""
    async with simulated_pbx() as pbx, link_to(pbx.port, reconnect_min_s=0.01) as link:
        await next_of(link, Connected)
        made = getattr(pbx, failure)()
        if made is not None:
            await made
        if failure == "kill":
            await pbx.start()
        seen = [await link.events.get()]
        while not isinstance(seen[-1], Connected):
            seen.append(await link.events.get())
        assert next(item.reason for item in seen if isinstance(item, Disconnected)) is Loss.CLOSED
        assert all(item.get("Event") == "Shutdown" for item in seen if isinstance(item, dict))


async def test_a_peer_that_stops_reading_is_noticed() -> None:
    """Its pings go unanswered, although it still talks."""
    clock = VirtualClock()
    async with simulated_pbx() as pbx, link_to(pbx.port, clock=clock) as link:
        pbx.stop_reading()
        await clock.advance(4)
        await clock.advance(8)
        assert (await next_of(link, Disconnected)).reason is Loss.SILENT


async def test_a_refused_list_is_an_answer() -> None:
    """panoramisk waits forever for the end of a list that was refused."""
    refuse = saying("Response: Error", "Message: Permission denied")
    async with scripted_ami(CoreShowChannels=refuse) as ami, link_to(ami.port) as link:
        reply = await link.send({"Action": "CoreShowChannels"}, as_list=True)
        assert (reply.success, reply.items, reply.message) == (False, (), "Permission denied")


async def test_an_action_without_answer_times_out_alone() -> None:
    """NoAnswer tells whether the PBX had taken it; the link and other actions go on, the late answer is dropped."""
    clock = VirtualClock()
    async with scripted_ami() as ami, link_to(ami.port, clock=clock) as link:
        await next_of(link, Connected)
        asking = asyncio.create_task(link.send({"Action": "QueueStatus"}, timeout_s=2))
        action = await ami.wait_for("QueueStatus")
        await clock.advance(2)
        with pytest.raises(NoAnswer) as missing:
            await asking
        assert not missing.value.accepted
        ami.send("Response: Success", f"ActionID: {action['ActionID']}", "Message: late")
        assert (await link.send({"Action": "Ping"})).success
        assert link.events.empty()


async def test_a_cancelled_action_leaves_nothing_behind() -> None:
    """The link forgets who does not wait any more."""
    async with scripted_ami() as ami, link_to(ami.port) as link:
        asking = asyncio.create_task(link.send({"Action": "QueueStatus"}))
        await ami.wait_for("QueueStatus")
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert not link._session.responses


async def test_waits_between_attempts_double_with_jitter_and_start_over_after_success() -> None:
    """0.5, 1, 2, 3, 3 … seconds, each between half and all of it."""
    backoff = ami_link._Backoff(0.5, 3.0, lambda: 1.0)
    assert [backoff.next(Loss.CLOSED) for _ in range(5)] == [0.5, 1.0, 2.0, 3.0, 3.0]
    backoff.reset()
    backoff.jitter = lambda: 0.0
    assert backoff.next(Loss.CLOSED) == 0.25
    assert backoff.next(Loss.REFUSED_AT_LOGIN) == 30.0
