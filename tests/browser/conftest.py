"""The real application and the real page in Chromium: each test gets its own call centre and a fresh browser profile.

One browser serves all tests, so all of them run on one event loop (``pytestmark`` in each file).
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

import callcenter
from tests.stage import Stage, running_stage

BUILT_PAGE = Path(callcenter.__file__).parent / "web" / "static" / "index.html"
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
]
OPENS_PAGE = Callable[..., Awaitable[Page]]


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of an installed Chromium; without one these tests cannot run (tests/system-packages installs it)."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no chromium on this machine")
    if not BUILT_PAGE.is_file():
        pytest.fail("the page is not built: run `make build`")
    return found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """A headless browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    """A running call centre without audio (it starts faster); ``@pytest.mark.parametrize(..., indirect)`` changes settings."""
    changes = getattr(request, "param", {"media": {"tap": False}})
    async with running_stage(tmp_path / "data", **changes) as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser, stage: Stage) -> AsyncIterator[OPENS_PAGE]:
    """Opens a path in a fresh browser profile; at the end no page may have thrown or broken the content policy."""
    wrong: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # Answers such as 401 before the login, and a link cut by the test, are logged by the browser itself and are no
        # error of the page.
        own = ("Failed to load resource", "net::ERR_INTERNET_DISCONNECTED")
        if message.type == "error" and not any(words in message.text for words in own):
            wrong.append(message.text)

    async with AsyncExitStack() as stack:

        async def open_(path: str, **options: Any) -> Page:
            defaults = {"viewport": {"width": 1440, "height": 900}, "locale": "zh-CN", "timezone_id": "Asia/Shanghai"}
            context = await browser.new_context(**{**defaults, **options})
            stack.push_async_callback(context.close)
            page = await context.new_page()
            page.set_default_timeout(20_000)
            page.on("console", heard)
            page.on("pageerror", lambda error: wrong.append(str(error)))
            await page.goto(stage.app.url + path)
            return page

        yield open_
    assert wrong == []


@pytest_asyncio.fixture(loop_scope="session")
async def agent_page(stage: Stage, open_page: OPENS_PAGE) -> Page:
    """The agent's desk, logged in by a one-time link and waiting for calls."""
    token, _ = await stage.tokens()
    page = await open_page(f"/login?token={token}")
    await page.get_by_role("heading", name="等待来电").wait_for()
    await page.get_by_text("交换机已连接").wait_for()
    await stage.app.hub.wait_watched("PJSIP/1001")
    return page
