"""What /readyz reports: the parts without which callcenter cannot do its work."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from callcenter.errors import CallcenterError
from callcenter.storage.database import Database
from callcenter.telephony.ami_link import AmiLink


@dataclass(frozen=True, slots=True)
class Check:
    """One line of /readyz. ``fix`` says what to do when ``ok`` is false."""

    ok: bool
    message: str
    fix: str | None = None


class Readiness:
    """Remembers what failed at start and asks the rest when somebody wants to know."""

    def __init__(self) -> None:
        self._failed: dict[str, Check] = {}
        self._watched: dict[str, Callable[[], Check]] = {}

    def failed(self, part: str, message: str, fix: str) -> None:
        """``part`` (model, audio) did not come up and stays down until the next start."""
        self._failed[part] = Check(ok=False, message=message, fix=fix)

    def watch(self, part: str, question: Callable[[], Check]) -> None:
        """``part`` is asked each time; for parts that not every installation has."""
        self._watched[part] = question

    def checks(
        self, *, database: Database, link: AmiLink, data_dir: Path, min_free_mb: int
    ) -> Mapping[str, Callable[[], Awaitable[Check]]]:
        """A question per part, by name."""

        async def database_answers() -> Check:
            try:
                await database.check()
            except CallcenterError as error:
                return Check(ok=False, message=error.message, fix=error.fix)
            return Check(ok=True, message="answers")

        async def pbx_is_linked() -> Check:
            state = link.state
            message = "connected" if state.connected else state.last_error or "not connected yet"
            fix = None if state.connected else "`callcenter doctor` says more"
            return Check(ok=state.connected, message=message, fix=fix)

        async def disk_has_room() -> Check:
            free = shutil.disk_usage(data_dir).free
            fix = None if free > min_free_mb << 20 else f"free some space on the disk of {data_dir}"
            return Check(ok=fix is None, message=f"{free >> 20} MB free", fix=fix)

        def came_up(part: str) -> Callable[[], Awaitable[Check]]:
            async def answer() -> Check:
                return self._failed.get(part, Check(ok=True, message="usable"))

            return answer

        def asked(question: Callable[[], Check]) -> Callable[[], Awaitable[Check]]:
            async def answer() -> Check:
                return question()

            return answer

        return {
            "database": database_answers,
            "disk": disk_has_room,
            "pbx": pbx_is_linked,
            "model": came_up("model"),
            "audio": came_up("audio"),
            **{part: asked(question) for part, question in self._watched.items()},
        }
