"""How commands end when what they write cannot be written."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

import pytest

from callcenter.cli.output import EXIT_UNAVAILABLE, reports_errors


def failing(number: int) -> Callable[[], None]:
    @reports_errors
    def command() -> None:
        raise OSError(number, os.strerror(number))

    return command


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_a_full_disk_is_one_line_and_its_exit_code(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    """No room for the output is told in a line, not in a traceback."""
    with pytest.raises(SystemExit) as ended:
        failing(number)()
    assert ended.value.code == EXIT_UNAVAILABLE
    assert capsys.readouterr().err == f"callcenter: {os.strerror(number)} (free some space, or write elsewhere)\n"


def test_a_defect_shows_itself() -> None:
    """An error that nobody raised on purpose is not hidden."""
    with pytest.raises(OSError, match="Bad file"):
        failing(errno.EBADF)()
