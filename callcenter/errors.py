"""The application's errors: one base, a stable ``code`` each, and a hint that says what to do."""

from __future__ import annotations

from typing import ClassVar


class CallcenterError(Exception):
    """Base of every error the application raises on purpose.

    ``code`` is stable and documented (docs/reference/errors.md): programs match on it, never on the text.
    ``fix`` is one sentence that tells the reader what to do about it.
    ``field`` names the input (config path, form field, file) the error is about.
    """

    code: ClassVar[str] = "defect"

    def __init__(self, message: str, *, fix: str | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        self.field = field

    def __str__(self) -> str:
        """Field, message and fix in one line, as the command line prints them."""
        head = f"{self.field}: {self.message}" if self.field else self.message
        return f"{head} ({self.fix})" if self.fix else head


class Invalid(CallcenterError):  # noqa: N818 - named for what the input is
    """The input is malformed or breaks a rule."""

    code = "invalid"


class ConfigInvalid(Invalid):
    """config.yaml, an environment override or a secret file cannot be used."""

    code = "config_invalid"


class Denied(CallcenterError):  # noqa: N818
    """Not logged in, or logged in without the permission."""

    code = "denied"


class NotFound(CallcenterError):  # noqa: N818
    """The named thing does not exist, or the caller may not know that it does."""

    code = "not_found"


class Conflict(CallcenterError):  # noqa: N818
    """The state changed underneath, or another process holds the resource."""

    code = "conflict"


class Unavailable(CallcenterError):  # noqa: N818
    """Something we depend on (PBX, model, disk, database) cannot serve now."""

    code = "unavailable"
