"""The AMI actions we use, typed, checked and limited; nothing else in the application writes to the PBX.

Every function raises ``LinkDown`` without a link, ``NoAnswer`` without an answer, ``NoRight`` when the AMI user lacks
the write class, ``Refused`` for any other refusal of the PBX, and ``Invalid`` for a value that must not be sent.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping

from callcenter.clock import Clock
from callcenter.errors import Denied, Invalid, Unavailable
from callcenter.telephony.ami_link import AmiLink, NoAnswer, Reply, Value

TAP_TIMEOUT_S = 3.0
"""How long the PBX tries to reach our AudioSocket server."""
RING_TIMEOUT_S = 30.0
"""How long a click-to-call rings the agent's own phone."""
LONGEST_TURN_S = 2.0
"""An Originate that would have to wait longer for its turn is refused."""

WRITE_CLASS = {
    "CoreSettings": "reporting",
    "CoreShowChannels": "reporting",
    "DeviceStateList": "reporting",
    "Hangup": "call",
    "Originate": "originate",
    "PJSIPShowRegistrationsOutbound": "reporting",
}
"""The least class of manager.conf's ``write`` that an action needs; others need none."""

_INTERFACE = re.compile(r"(?:PJSIP|SIP)/[\w.+-]{1,80}")
_EXTEN = re.compile(r"[0-9*#+A-Za-z_.-]{1,64}")
_UNIQUEID = re.compile(r"[\w.:+-]{1,150}")
_NUMBER = re.compile(r"\d+(\.\d+)?")
_CALLER_ID = re.compile(r'[^"<>]{0,80}')

REASONS = {"0": "no such channel or device", "1": "no answer", "3": "no answer", "5": "busy", "8": "congested"}
"""OriginateResponse's Reason, as far as it says something."""


class Refused(Unavailable):
    """The PBX refused an action or could not carry it out; the message has its own words."""

    code = "pbx_refused"


class NoRight(Refused):
    """The AMI user lacks a write class; without any, only screen-pops work."""

    code = "pbx_no_right"


class TooMany(Unavailable):
    """Our own limit on Originate."""

    code = "originate_limit"


class _Turns:
    """Even spacing above ``per_s``: a second's worth may go at once, later ones wait for their turn."""

    def __init__(self, per_s: float, clock: Clock) -> None:
        self._gap_s = 1.0 / per_s
        self._clock = clock
        self._next = clock.monotonic() - 1.0

    async def take(self) -> None:
        now = self._clock.monotonic()
        due = max(self._next, now - 1.0) + self._gap_s
        wait = due - now
        if wait > LONGEST_TURN_S:
            limit = f"{1 / self._gap_s:g}"
            raise TooMany(f"more than {limit} Originate actions a second", fix="raise pbx.originate_per_s")
        self._next = due
        if wait > 0:
            await self._clock.sleep(wait)


def _check(pattern: re.Pattern[str], value: str, field: str) -> str:
    if not pattern.fullmatch(value):
        raise Invalid("has characters that must not be sent to the PBX", field=field)
    return value


class Actions:
    """Typed actions on one link. ``contexts`` are the dialplan contexts that click-to-call may use."""

    def __init__(
        self, link: AmiLink, *, clock: Clock, originate_per_s: float = 50.0, contexts: frozenset[str] = frozenset()
    ) -> None:
        self._link = link
        self._contexts = contexts
        self._turns = _Turns(originate_per_s, clock)
        self._taps: set[str] = set()

    async def ping(self) -> float | None:
        """The PBX's clock in seconds since the epoch; None when it does not tell."""
        stamp = (await self._do({"Action": "Ping"})).headers.get("Timestamp", "")
        return float(stamp) if _NUMBER.fullmatch(stamp) else None

    async def asterisk_version(self) -> str:
        """E.g. ``22.10.1``."""
        return (await self._do({"Action": "CoreSettings"})).headers.get("AsteriskVersion", "")

    async def core_show_channels(self) -> tuple[Mapping[str, str], ...]:
        """The headers of each live channel (CoreShowChannel)."""
        return (await self._do({"Action": "CoreShowChannels"}, as_list=True)).items

    async def queue_status(self, queue: str | None = None) -> tuple[Mapping[str, str], ...]:
        """QueueParams, QueueMember and QueueEntry headers, of one queue or of all."""
        action = {"Action": "QueueStatus"} | ({"Queue": queue} if queue else {})
        return (await self._do(action, as_list=True)).items

    async def device_states(self) -> tuple[Mapping[str, str], ...]:
        """DeviceStateChange headers of every device the PBX knows."""
        return (await self._do({"Action": "DeviceStateList"}, as_list=True)).items

    async def bridges(self) -> tuple[str, ...]:
        """The ids of all bridges; needs no write class."""
        items = (await self._do({"Action": "BridgeList"}, as_list=True)).items
        return tuple(item["BridgeUniqueid"] for item in items if "BridgeUniqueid" in item)

    async def bridge_channels(self, bridge: str) -> tuple[Mapping[str, str], ...]:
        """The headers of each channel in a bridge (BridgeInfoChannel); needs no write class."""
        return (await self._do({"Action": "BridgeInfo", "BridgeUniqueid": bridge}, as_list=True)).items

    async def originate_tap(self, *, channel_uniqueid: str, tap_uuid: str, host: str, port: int) -> None:
        """Send what the party of ``channel_uniqueid`` says to the AudioSocket server at host:port, as 8 kHz slin.

        Returns when the PBX has connected to it. The tap ends with the channel; a channel that is gone already is no
        error, its tap just ends at once.
        """
        action = {
            "Action": "Originate",
            "ActionID": f"tap-{tap_uuid}",
            "Channel": f"AudioSocket/{host}:{port}/{uuid.UUID(tap_uuid)}",
            "Application": "ChanSpy",
            # u: the argument is a Uniqueid; q: silent; o: only what that party says; E: end with the channel.
            "Data": f"{_check(_UNIQUEID, channel_uniqueid, 'channel_uniqueid')},quoE",
            "Async": "true",
            "Codecs": "slin",
            "Timeout": str(int(TAP_TIMEOUT_S * 1000)),
        }
        await self._turns.take()
        try:
            # panoramisk takes OriginateResponse, which carries our ActionID, for the end of the "list".
            reply = await self._do(action, as_list=True, timeout_s=TAP_TIMEOUT_S + 1.0)
        except NoAnswer as error:
            if error.accepted:
                return  # The user's event filter hides OriginateResponse: the audio itself will tell.
            raise
        outcome = reply.items[0]
        if outcome["Response"] != "Success":
            reason = outcome.get("Reason", "")
            raise Refused(f"the PBX could not connect to {host}:{port}: {REASONS.get(reason, f'reason {reason}')}")

    async def hang_up_tap(self, *, tap_uuid: str, host: str, port: int) -> None:
        """End a tap before its channel ends; one that is over already is fine. Nothing but taps can be hung up."""
        channel = f"AudioSocket/{host}:{port}-{uuid.UUID(tap_uuid)}"
        try:
            await self._do({"Action": "Hangup", "Channel": channel})
        except NoRight:
            raise
        except Refused:
            return

    async def call(self, *, interface: str, exten: str, context: str, caller_id: str | None = None) -> None:
        """Click-to-call: ring the agent's device, then dial ``exten`` in ``context``. Returns when the PBX took it."""
        if context not in self._contexts:
            raise Denied(f"context {context} is not allowed for click-to-call", field="context")
        action = {
            "Action": "Originate",
            "ActionID": f"call-{uuid.uuid4()}",
            "Channel": _check(_INTERFACE, interface, "interface"),
            "Exten": _check(_EXTEN, exten, "exten"),
            "Context": context,
            "Priority": "1",
            "Async": "true",
            "Timeout": str(int(RING_TIMEOUT_S * 1000)),
        }
        if caller_id:
            number = _check(_EXTEN, exten, "exten")
            action["CallerID"] = f"{_check(_CALLER_ID, caller_id, 'caller_id')} <{number}>"
        await self._turns.take()
        await self._do(action)

    async def _do(self, action: Mapping[str, Value], *, as_list: bool = False, timeout_s: float | None = None) -> Reply:
        reply = await self._link.send(action, as_list=as_list, timeout_s=timeout_s)
        if reply.success:
            return reply
        name = str(action["Action"])
        if "ermission denied" in reply.message or "Access Forbidden" in reply.message:
            needed = WRITE_CLASS.get(name)
            fix = f"add {needed} to the user's write in manager.conf" if needed else None
            raise NoRight(f"no right to {name}: {reply.message}", fix=fix)
        raise Refused(f"{name}: {reply.message}")
