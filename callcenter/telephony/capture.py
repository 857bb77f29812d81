"""The PBX side of live audio: asks for one leg's voice to be sent to our AudioSocket server, and can stop it."""

from __future__ import annotations

import structlog

from callcenter.config_sections import MediaSettings
from callcenter.errors import CallcenterError
from callcenter.telephony.actions import Actions

log = structlog.get_logger(__name__)


class Capture:
    """Taps legs into the AudioSocket server that the PBX reaches at ``host``:``port``."""

    def __init__(self, actions: Actions, *, host: str, port: int) -> None:
        self._actions = actions
        self._host = host
        self._port = port

    @classmethod
    def from_settings(cls, actions: Actions, media: MediaSettings, *, listening_port: int) -> Capture:
        """What config.yaml says; ``listening_port`` is the server's real port (``media.port`` may be 0)."""
        return cls(actions, host=media.advertise_host or media.host, port=media.advertise_port or listening_port)

    async def tap(self, *, channel_uniqueid: str, tap_uuid: str, speaker: str = "") -> None:
        """Send what that channel's party says; it ends with the channel, or at ``release``.

        Returns once the PBX is connected to our server. Raises ``callcenter.errors.Unavailable``: ``NoRight`` (the AMI
        user may not originate), ``Refused`` (the PBX cannot reach the server), ``TooMany``, ``NoAnswer``, ``LinkDown``.
        A channel that is gone already is no error: the stream just ends.
        """
        await self._actions.originate_tap(
            channel_uniqueid=channel_uniqueid, tap_uuid=tap_uuid, host=self._host, port=self._port
        )
        log.debug("capture.tapped", uniqueid=channel_uniqueid, speaker=speaker, tap=tap_uuid)

    async def release(self, *, tap_uuid: str) -> None:
        """End a tap early. Failing is logged, not raised: closing our end of the stream ends it as well."""
        try:
            await self._actions.hang_up_tap(tap_uuid=tap_uuid, host=self._host, port=self._port)
        except CallcenterError as error:
            log.warning("capture.release_failed", tap=tap_uuid, reason=str(error))
