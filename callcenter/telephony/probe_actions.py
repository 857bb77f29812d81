"""Actions that only onboarding and ``doctor`` use: what the AMI user may do, what the PBX has, and test calls.

Test calls ring nobody unless the dialplan does, and end by themselves: the PBX gives them ``LIFE_S`` seconds.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from callcenter.errors import Denied, Invalid
from callcenter.telephony.actions import REASONS, TAP_TIMEOUT_S, Actions, Refused
from callcenter.telephony.ami_link import NoAnswer

LIFE_S = 45
"""No test call lives longer, whatever happens to us."""
ANSWER_S = 30.0
"""How long a test call may ring."""
FROM = "callcenter test <0>"

_EXTEN = re.compile(r"[0-9*#+A-Za-z_.-]{1,64}")
_HIDDEN = "add OriginateResponse to the event filter, as `callcenter pbx manager-conf` prints it"


@dataclass(frozen=True, slots=True)
class Up:
    """A test call that was answered. ``channel`` and ``uniqueid`` name its near end."""

    channel: str
    uniqueid: str


class ProbeActions(Actions):
    """On one link, as ``Actions``; the test calls may use its ``contexts`` only."""

    async def list_commands(self) -> Mapping[str, str]:
        """What the user may send: command → text that ends with its classes. Needs no write class."""
        return (await self._do({"Action": "ListCommands"})).headers

    async def pjsip_endpoints(self) -> tuple[Mapping[str, str], ...]:
        """EndpointList headers; needs the class system. Refused where chan_pjsip is not loaded."""
        return (await self._do({"Action": "PJSIPShowEndpoints"}, as_list=True)).items

    async def pjsip_registrations(self) -> tuple[Mapping[str, str], ...]:
        """OutboundRegistrationDetail headers; Refused where chan_pjsip is not loaded."""
        return (await self._do({"Action": "PJSIPShowRegistrationsOutbound"}, as_list=True)).items

    async def sip_peers(self) -> tuple[Mapping[str, str], ...]:
        """PeerEntry headers of chan_sip; Refused where it is not loaded."""
        return (await self._do({"Action": "SIPpeers"}, as_list=True)).items

    async def call_echo(self, *, test_uuid: str, host: str, port: int) -> Up:
        """Let the PBX call our AudioSocket server and send back what it hears; it rings nobody."""
        action = {
            "Channel": f"AudioSocket/{host}:{port}/{uuid.UUID(test_uuid)}",
            "Application": "Echo",
            "Codecs": "slin",
            "Timeout": str(int(TAP_TIMEOUT_S * 1000)),
        }
        return await self._originate(action, timeout_s=TAP_TIMEOUT_S + 1)

    async def call_extension(self, *, exten: str, context: str, test_uuid: str, host: str, port: int) -> Up:
        """Call an extension from a Local channel whose voice is our AudioSocket server; rings whom the dialplan rings.

        Closing the stream ends the call.
        """
        if context not in self._contexts:
            raise Denied(f"context {context} is not allowed for test calls", field="context")
        if not _EXTEN.fullmatch(exten):
            raise Invalid("has characters that must not be sent to the PBX", field="exten")
        action = {
            "Channel": f"Local/{exten}@{context}/n",
            "Application": "AudioSocket",
            "Data": f"{uuid.UUID(test_uuid)},{host}:{port}",
            "Timeout": str(int(ANSWER_S * 1000)),
        }
        return await self._originate(action, timeout_s=ANSWER_S + 2)

    async def _originate(self, action: Mapping[str, str], *, timeout_s: float) -> Up:
        await self._turns.take()
        request = {
            "Action": "Originate",
            "ActionID": f"test-{uuid.uuid4()}",
            "Async": "true",
            "CallerID": FROM,
            "Variable": f"TIMEOUT(absolute)={LIFE_S}",
            **action,
        }
        try:
            # panoramisk takes OriginateResponse, which carries our ActionID, for the end of the "list".
            outcome = (await self._do(request, as_list=True, timeout_s=timeout_s)).items[0]
        except NoAnswer as error:
            if error.accepted:
                raise Refused("the outcome of an Originate never came", fix=_HIDDEN) from error
            raise
        if outcome["Response"] != "Success":
            reason = outcome.get("Reason", "")
            raise Refused(f"the call to {action['Channel']} failed: {REASONS.get(reason, f'reason {reason}')}")
        return Up(outcome["Channel"], outcome["Uniqueid"])
