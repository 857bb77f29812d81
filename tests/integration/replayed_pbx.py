"""A PBX that sends captured AMI streams: logs everybody in, has nothing to tell when asked, then replays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from callcenter.telephony.ami_stream import BANNER
from tests.integration.scripted_ami import ScriptedAmi, saying, scripted_ami

LISTS = {
    "CoreShowChannels": "CoreShowChannelsComplete",
    "DeviceStateList": "DeviceStateListComplete",
    "QueueStatus": "QueueStatusComplete",
}


def empty(action: str, complete: str):
    """A list without items."""

    def answer(ami: ScriptedAmi, headers: dict[str, str]) -> None:
        action_id = f"ActionID: {headers['ActionID']}"
        ami.send("Response: Success", action_id, "EventList: start", f"Message: {action} follows")
        ami.send(f"Event: {complete}", action_id, "EventList: Complete", "ListItems: 0")

    return answer


def without_banner(capture: bytes) -> bytes:
    """The messages of a capture; the connection had its banner already."""
    return capture.partition(b"\r\n")[2] if capture.startswith(BANNER) else capture


@asynccontextmanager
async def replayed_pbx() -> AsyncIterator[ScriptedAmi]:
    """The peer; ``write`` sends it raw bytes."""
    answers = {action: empty(action, complete) for action, complete in LISTS.items()}
    async with scripted_ami(**answers, Logoff=saying("Response: Goodbye")) as ami:
        yield ami
