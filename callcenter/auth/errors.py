"""Why somebody is not let in."""

from __future__ import annotations

from callcenter.errors import Denied


class NotLoggedIn(Denied):
    """No session, or one that is over."""

    code = "not_logged_in"


class ApiKeyInvalid(NotLoggedIn):
    """The ``Authorization`` header holds no API key in force: unknown, revoked or expired; which is not said."""

    code = "api_key_invalid"


class LoginFailed(Denied):
    """Wrong user name, password or login token. Which of them is not said."""

    code = "login_failed"


class TooManyAttempts(Denied):
    """Login is closed for a while after repeated failures. ``retry_after_s`` says for how long."""

    code = "too_many_attempts"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(
            "too many failed logins",
            fix=f"wait {retry_after_s} s and try again, or ask an administrator for a login link",
        )
        self.retry_after_s = retry_after_s


class TooManyRequests(Denied):
    """An API key asks more often than ``web.api_key_per_minute``. ``retry_after_s`` says how long to wait."""

    code = "too_many_requests"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__("this API key asks too often", fix=f"wait {retry_after_s} s, and ask less often")
        self.retry_after_s = retry_after_s


class PermissionMissing(Denied):
    """Logged in, but no role of the user, or no scope of the API key, grants this."""

    code = "permission_missing"
