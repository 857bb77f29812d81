"""The AMI server of the simulated PBX: sessions, and one table of the actions it understands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from callcenter.telephony.simulator.channels import Channel, bridge_headers
from callcenter.telephony.simulator.exchange import Exchange

BANNER = "Asterisk Call Manager/11.0.0\r\n"
MAX_LINE_BYTES = 1024
BACKLOG_BYTES = 1 << 20
"""A client that leaves this much unread is cut, as Asterisk does after its writetimeout."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiUser:
    """The one manager user: the classes it reads (events) and writes (actions), as in manager.conf."""

    username: str
    secret: str
    read: frozenset[str]
    write: frozenset[str]
    hidden: frozenset[str] = frozenset()
    """Events that the user's event filter keeps back."""


class Board(Protocol):
    """What the sessions need from the simulated PBX."""

    user: AmiUser
    login_refusal: str | None
    exchange: Exchange
    sessions: set[AmiSession]

    def originate(self, session: AmiSession, action: Mapping[str, str]) -> None:
        """Take an Originate action: answer it, and do it."""
        ...

    def hang_up(self, channel: Channel) -> None:
        """End a channel by force."""
        ...


class AmiSession(asyncio.Protocol):
    """One client. ``mute`` sessions are sent nothing; ``deaf`` ones are not listened to."""

    def __init__(self, board: Board, *, mute: bool = False) -> None:
        self.board = board
        self.mute = mute
        self.deaf = False
        self.events = False
        self.logged_in = False
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.board.sessions.add(self)
        self.send(BANNER)

    def connection_lost(self, _exc: Exception | None) -> None:
        """The client is gone."""
        self._transport = None
        self.board.sessions.discard(self)

    def data_received(self, data: bytes) -> None:
        """Act on each complete action."""
        if self.deaf:
            return
        *blocks, self._buffer = (self._buffer + data).split(b"\r\n\r\n")
        for block in blocks:
            self._act(_headers(block))

    def send(self, text: str) -> None:
        """Write to the client unless this session is mute."""
        if self.mute or self._transport is None:
            return
        self._transport.write(text.encode())
        if self._transport.get_write_buffer_size() > BACKLOG_BYTES:
            self.abort()

    def send_event(self, name: str, privilege: str, text: str) -> None:
        """An event, if the client wants events, may read this class and does not filter it out."""
        user = self.board.user
        if self.events and privilege in user.read and name not in user.hidden:
            self.send(text)

    def reply(self, action: Mapping[str, str], response: str, *lines: tuple[str, str]) -> None:
        """Answer an action."""
        self.send(render([("Response", response), *_action_id(action), *lines]))

    def stop_reading(self) -> None:
        """Leave what the client sends in the kernel's buffers from now on."""
        self.deaf = True
        if self._transport is not None:
            self._transport.pause_reading()

    def close(self) -> None:
        """Say goodbye properly (what was written is sent first)."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Cut the connection (RST)."""
        if self._transport is not None:
            self._transport.abort()

    def _act(self, action: dict[str, str]) -> None:
        name = action.get("Action", "")
        known = ACTIONS.get(name.lower())
        if known is None:
            listing = "Use Action: ListCommands to show available commands."
            self.reply(action, "Error", ("Message", f"Invalid/unknown command: {name}. {listing}"))
            return
        allowed = known.anonymous or (
            self.logged_in and (not known.classes or bool(known.classes & self.board.user.write))
        )
        if not allowed:
            self.reply(action, "Error", ("Message", "Permission denied"))
            return
        known.run(self, action)


def _headers(block: bytes) -> dict[str, str]:
    lines = block.decode("utf-8", "replace").strip("\r\n").split("\r\n")
    pairs = (line.partition(":") for line in lines if len(line) <= MAX_LINE_BYTES)
    return {key.strip(): value.strip() for key, _, value in pairs}


def _action_id(action: Mapping[str, str]) -> list[tuple[str, str]]:
    return [("ActionID", action["ActionID"])] if "ActionID" in action else []


def render(lines: list[tuple[str, str]]) -> str:
    """One message."""
    return "".join(f"{key}: {value}\r\n" for key, value in lines) + "\r\n"


def _login(session: AmiSession, action: Mapping[str, str]) -> None:
    if session.logged_in:
        session.reply(action, "Success", ("Message", "Already authenticated"))
        return
    user = session.board.user
    known = (action.get("Username"), action.get("Secret")) == (user.username, user.secret)
    refusal = session.board.login_refusal or (None if known else "Authentication failed")
    if refusal is not None:
        session.reply(action, "Error", ("Message", refusal))
        session.close()
        return
    session.logged_in = True
    session.events = action.get("Events", "on").lower() not in ("off", "false", "no")
    session.reply(action, "Success", ("Message", "Authentication accepted"))


def _logoff(session: AmiSession, action: Mapping[str, str]) -> None:
    session.reply(action, "Goodbye", ("Message", "Thanks for all the fish."))
    session.close()


def _ping(session: AmiSession, action: Mapping[str, str]) -> None:
    now = session.board.exchange.clock.now().timestamp()
    session.reply(action, "Success", ("Ping", "Pong"), ("Timestamp", f"{now:.6f}"))


def _events(session: AmiSession, action: Mapping[str, str]) -> None:
    session.events = action.get("EventMask", "on").lower() != "off"
    session.reply(action, "Success", ("Events", "On" if session.events else "Off"))


def _list_commands(session: AmiSession, action: Mapping[str, str]) -> None:
    may = session.board.user.write
    usable = [known for known in ACTIONS.values() if not known.classes or known.classes & may]
    session.reply(action, "Success", *((known.name, known.priv) for known in usable))


def _core_settings(session: AmiSession, action: Mapping[str, str]) -> None:
    session.reply(action, "Success", ("AMIversion", "11.0.0"), ("AsteriskVersion", "22.10.1"), ("SystemName", ""))


def _items(
    session: AmiSession, action: Mapping[str, str], message: str, name: str, items: list[list[tuple[str, str]]]
) -> None:
    """A list answer: start, the items (each already headed by its Event), complete."""
    session.reply(action, "Success", ("EventList", "start"), ("Message", message))
    end = [("Event", name), *_action_id(action), ("EventList", "Complete"), ("ListItems", str(len(items)))]
    session.send("".join(render(item) for item in items) + render(end))


def _core_show_channels(session: AmiSession, action: Mapping[str, str]) -> None:
    exchange = session.board.exchange
    items = []
    for channel in exchange.channels.values():
        seconds = int(exchange.clock.monotonic() - channel.created_s)
        items.append(
            [
                ("Event", "CoreShowChannel"),
                *_action_id(action),
                *channel.headers(),
                ("Application", channel.application),
                ("ApplicationData", channel.application_data),
                ("Duration", f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"),
                ("BridgeId", channel.bridge),
            ]
        )
    _items(session, action, "Channels will follow", "CoreShowChannelsComplete", items)


def _device_state_list(session: AmiSession, action: Mapping[str, str]) -> None:
    items = [
        [("Event", "DeviceStateChange"), *_action_id(action), ("Device", device), ("State", state)]
        for device, state in session.board.exchange.device_states().items()
    ]
    _items(session, action, "Device State Changes will follow", "DeviceStateListComplete", items)


def _pjsip_endpoints(session: AmiSession, action: Mapping[str, str]) -> None:
    states = session.board.exchange.device_states()
    items = [
        [
            ("Event", "EndpointList"),
            *_action_id(action),
            ("ObjectType", "endpoint"),
            ("ObjectName", device.removeprefix("PJSIP/")),
            ("Auths", ""),
            ("OutboundAuths", ""),
            ("DeviceState", "Unavailable" if state == "UNAVAILABLE" else "Not in use"),
            ("ActiveChannels", "0"),
        ]
        for device, state in states.items()
        if device.startswith("PJSIP/")
    ]
    follows = "A listing of Endpoints follows, presented as EndpointList events"
    _items(session, action, follows, "EndpointListComplete", items)


def _pjsip_registrations(session: AmiSession, action: Mapping[str, str]) -> None:
    follows = "Following are Events for each Outbound registration"
    _items(session, action, follows, "OutboundRegistrationDetailComplete", [])


def _bridge_list(session: AmiSession, action: Mapping[str, str]) -> None:
    items = [
        [("Event", "BridgeListItem"), *_action_id(action), *bridge_headers(bridge, len(channels))]
        for bridge, channels in session.board.exchange.bridges.items()
    ]
    _items(session, action, "Bridge listing will follow", "BridgeListComplete", items)


def _bridge_info(session: AmiSession, action: Mapping[str, str]) -> None:
    bridge = action.get("BridgeUniqueid", "")
    channels = session.board.exchange.bridges.get(bridge)
    if channels is None:
        session.reply(action, "Error", ("Message", "Specified BridgeUniqueid not found"))
        return
    items = [[("Event", "BridgeInfoChannel"), *_action_id(action), *channel.headers()] for channel in channels]
    _items(session, action, "Bridge channel listing will follow", "BridgeInfoComplete", items)


def _queue_status(session: AmiSession, action: Mapping[str, str]) -> None:
    exchange, tail = session.board.exchange, _action_id(action)
    items: list[list[tuple[str, str]]] = []
    for queue in exchange.queues.values():
        if action.get("Queue", queue.name) != queue.name:
            continue
        items.append([("Event", "QueueParams"), *queue.params(), *tail])
        for member in queue.members:
            headers = member.headers(queue.name, exchange.member_status(member), as_list_item=True)
            items.append([("Event", "QueueMember"), *headers, *tail])
        for position, caller in enumerate(queue.waiting, 1):
            waited = int(exchange.clock.monotonic() - caller.created_s)
            entry = [
                ("Event", "QueueEntry"),
                ("Queue", queue.name),
                ("Position", str(position)),
                ("Channel", caller.name),
                ("Uniqueid", caller.uniqueid),
                ("CallerIDNum", caller.number.strip("<>")),
                ("CallerIDName", caller.caller_name.strip("<>")),
                ("ConnectedLineNum", caller.connected_number.strip("<>")),
                ("ConnectedLineName", caller.connected_name.strip("<>")),
                ("Wait", str(waited)),
                ("Priority", "0"),
                *tail,
            ]
            items.append(entry)
    _items(session, action, "Queue status will follow", "QueueStatusComplete", items)


def _queue_pause(session: AmiSession, action: Mapping[str, str]) -> None:
    exchange = session.board.exchange
    paused = action.get("Paused", "").lower() in ("true", "1", "yes")
    only = action.get("Queue")
    found = [
        (queue, member)
        for queue in exchange.queues.values()
        if (only is None or queue.name == only) and (member := queue.member(action.get("Interface", "")))
    ]
    if not found:
        session.reply(action, "Error", ("Message", "Interface not found"))
        return
    session.reply(action, "Success", ("Message", f"Interface {'' if paused else 'un'}paused successfully"))
    for queue, member in found:
        member.paused, member.paused_reason = paused, action.get("Reason", "") if paused else ""
        member.last_pause = int(exchange.clock.now().timestamp()) if paused else member.last_pause
        headers = member.headers(queue.name, exchange.member_status(member), as_list_item=False)
        exchange.emit("QueueMemberPause", headers)


def _hangup(session: AmiSession, action: Mapping[str, str]) -> None:
    if "Channel" not in action:
        session.reply(action, "Error", ("Message", "No channel specified"))
        return
    exchange = session.board.exchange
    channel = exchange.find(action["Channel"])
    if channel is None:
        session.reply(action, "Error", ("Message", "No such channel"))
        return
    session.reply(action, "Success", ("Message", "Channel Hungup"))
    session.board.hang_up(channel)


def _originate(session: AmiSession, action: Mapping[str, str]) -> None:
    session.board.originate(session, action)


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """An action: who may use it (any of ``classes``, none means everybody logged in) and what it does."""

    name: str
    priv: str
    run: Callable[[AmiSession, Mapping[str, str]], None]
    anonymous: bool = False

    @property
    def classes(self) -> frozenset[str]:
        """The write classes of which one is needed, from the text of ListCommands."""
        text = self.priv.rpartition("(Priv: ")[2].rstrip(")")
        return frozenset() if text == "<none>" else frozenset(text.split(","))


ACTIONS = {
    spec.name.lower(): spec
    for spec in (
        ActionSpec("BridgeInfo", "Get information about a bridge.  (Priv: <none>)", _bridge_info),
        ActionSpec("BridgeList", "Get a list of bridges in the system.  (Priv: <none>)", _bridge_list),
        ActionSpec(
            "CoreSettings", "Show PBX core settings (version etc).  (Priv: system,reporting,all)", _core_settings
        ),
        ActionSpec(
            "CoreShowChannels", "List currently active channels.  (Priv: system,reporting,all)", _core_show_channels
        ),
        ActionSpec(
            "DeviceStateList",
            "List the current known device states.  (Priv: call,reporting,all)",
            _device_state_list,
        ),
        ActionSpec("Events", "Control Event Flow.  (Priv: <none>)", _events),
        ActionSpec("Hangup", "Hangup channel.  (Priv: system,call,all)", _hangup),
        ActionSpec("ListCommands", "List available manager commands.  (Priv: <none>)", _list_commands),
        ActionSpec("Login", "Login Manager.  (Priv: <none>)", _login, anonymous=True),
        ActionSpec("Logoff", "Logoff Manager.  (Priv: <none>)", _logoff, anonymous=True),
        ActionSpec("Originate", "Originate a call.  (Priv: originate,all)", _originate),
        ActionSpec("PJSIPShowEndpoints", "Lists PJSIP endpoints.  (Priv: system,all)", _pjsip_endpoints),
        ActionSpec(
            "PJSIPShowRegistrationsOutbound",
            "Lists PJSIP outbound registrations.  (Priv: system,reporting,all)",
            _pjsip_registrations,
        ),
        ActionSpec("Ping", "Keepalive command.  (Priv: <none>)", _ping),
        ActionSpec("QueuePause", "Makes a queue member temporarily unavailable.  (Priv: agent,all)", _queue_pause),
        ActionSpec("QueueStatus", "Show queue status.  (Priv: <none>)", _queue_status),
    )
}
"""Every action the simulator understands, with the help text and rights of the real one."""
