"""What the PBX holds right now, asked for after every login because nothing that was missed is sent again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from callcenter.clock import Clock
from callcenter.telephony.actions import Actions, NoRight, Refused
from callcenter.telephony.pbx_snapshot import PbxSnapshot

log = structlog.get_logger(__name__)

Rows = list[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Taken:
    """``missing`` names the parts the PBX refused: while it boots, modules that answer are not loaded yet.

    ``rows``, ``at`` and ``complete`` are what ``snapshot`` was made of.
    """

    rows: Rows
    at: float
    complete: bool
    missing: tuple[str, ...]

    @property
    def snapshot(self) -> PbxSnapshot:
        """As the tracker takes it."""
        return PbxSnapshot.from_rows(self.rows, at=self.at, complete=self.complete)


async def take_snapshot(actions: Actions, clock: Clock) -> Taken:
    """Channels, queues and devices, as far as the AMI user may see them.

    Without the write class ``reporting`` (screen-pop only) the channels are those in bridges: a call that rings at that
    moment is not seen. Raises LinkDown, NoAnswer, or Refused when not even the channels can be had.
    """
    at = await actions.ping() or clock.now().timestamp()
    rows: Rows = []
    missing: list[str] = []
    complete = True
    try:
        rows += await actions.core_show_channels()
    except NoRight:
        complete = False
        log.info("pbx.snapshot_limited", why="no write class reporting", fix="add reporting to write in manager.conf")
        rows += await _bridged(actions)
    for name, ask in (("device_states", actions.device_states), ("queue_status", actions.queue_status)):
        try:
            rows += await ask()
        except NoRight:
            continue
        except Refused:
            missing.append(name)
    return Taken(rows, at, complete, tuple(missing))


async def _bridged(actions: Actions) -> Rows:
    rows: Rows = []
    for bridge in await actions.bridges():
        try:
            channels = await actions.bridge_channels(bridge)
        except Refused:
            continue  # It ended since the list was made.
        rows += [{**channel, "Event": "CoreShowChannel", "BridgeId": bridge} for channel in channels]
    return rows
