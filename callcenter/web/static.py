"""The built page: files of callcenter/web/static, ``index.html`` for every page route, strict headers.

Only files that were there at start are served: a path is looked up in a table, never opened from the request.
Everything under ``assets/`` has its content's hash in its name and may be kept for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

from aiohttp import web

from callcenter.errors import NotFound

PATTERN = "/{path:(?!api(?:/|$)).*}"
"""Every path outside ``/api``: an unknown one inside is a 404 of the interface, never the page."""
FOLDER = Path(__file__).parent / "static"
IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"

_PAGE_RULES = (
    "default-src 'self'",
    "script-src 'self'",
    # The component library writes its styles into style elements at run time; scripts stay strict.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "media-src 'self' blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
)
PAGE_POLICY = "; ".join(_PAGE_RULES)
API_POLICY = "default-src 'none'; frame-ancestors 'none'"

HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

NOT_BUILT = """The page is not built. Run

    make build

in the project's folder (it needs Node 20) and start callcenter again. The HTTP interface works: /api/openapi.json
"""


class Pages:
    """Serves the built page; with none it says how to build it."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """``GET`` of everything outside ``/api``."""
        path = request.match_info["path"]
        if "index.html" not in self._files:
            return web.Response(status=503, text=NOT_BUILT, headers={"Retry-After": "60"})
        if path in self._files:
            return self._file(path)
        if "." in path.rpartition("/")[2]:
            raise NotFound("no such file", fix="reload the page")
        return self._file("index.html")

    def _file(self, path: str) -> web.FileResponse:
        cache = IMMUTABLE if path.startswith("assets/") else REVALIDATE
        return web.FileResponse(self._files[path], headers={"Cache-Control": cache})


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Signal ``on_response_prepare``: the headers every answer carries."""
    page = response.content_type == "text/html"
    response.headers["Server"] = "callcenter"  # the framework would tell its version
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if response.status != HTTPStatus.NOT_MODIFIED:
        # A browser puts the headers of a 304 over those it has: the page would get a policy without scripts.
        response.headers.setdefault("Content-Security-Policy", PAGE_POLICY if page else API_POLICY)
    response.headers.setdefault("Cache-Control", "no-store")
