"""Structured logs: one canonical line per call, request and order change, with personal data masked.

Masking works on values, not on good intentions: phone numbers are cut to their head and tail wherever they appear in a
line, and fields named in ``SECRET`` or ``PERSONAL`` are masked whole.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

SECRET = frozenset({"password", "secret", "token", "api_key", "cookie", "authorization", "csrf"})
PERSONAL = frozenset(
    {
        "name",
        "customer_name",
        "address",
        "detail",
        "text",
        "transcript",
        "caller_name",
        "member_name",
        "openid",
        "miniprogram_openid",
    }
)

# Seven or more digits in a row (spaces, dashes and a leading + allowed) that are not part of an id or a decimal number.
_PHONE = re.compile(r"(?<![\w.:-])\+?\d[\d -]{5,}\d(?![\w.:-])")
_VISIBLE_HEAD = 3
_VISIBLE_TAIL = 2


def mask_phone(number: str) -> str:
    """``13800138000`` -> ``138******00``; what is too short to mask usefully becomes stars."""
    digits = re.sub(r"\D", "", number)
    if len(digits) <= _VISIBLE_HEAD + _VISIBLE_TAIL:
        return "*" * len(digits)
    hidden = "*" * (len(digits) - _VISIBLE_HEAD - _VISIBLE_TAIL)
    return f"{digits[:_VISIBLE_HEAD]}{hidden}{digits[-_VISIBLE_TAIL:]}"


def mask_receiver(channel: str, receiver: str) -> str:
    """A message's receiver for lists: numbers and openids (``o6_b…``) are masked, other addresses are not."""
    if channel in {"wechat", "miniprogram"}:
        return f"{receiver[:4]}…"
    return mask_phone(receiver) if channel == "sms" else receiver


def mask_text(text: str) -> str:
    """Mask every phone number inside ``text``."""
    return _PHONE.sub(lambda found: mask_phone(found.group()), text)


def _mask(key: str, value: Any) -> Any:
    if key in SECRET:
        return "***"
    if key in PERSONAL:
        return f"<{len(str(value))} chars>" if value else value
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, dict):
        return {k: _mask(str(k), v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_mask(key, v) for v in value]
    return value


def masking_processor(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The structlog processor that every line passes."""
    for key in list(event):
        event[key] = _mask(key, event[key])
    return event


def configure(*, level: str = "info", fmt: str = "console", stream: TextIO | None = None) -> None:
    """Set up structlog and the standard library's loggers; results go to stdout, so logs go to stderr."""
    target = stream or sys.stderr
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if fmt == "json"
        else structlog.dev.ConsoleRenderer(colors=target.isatty())
    )
    # Tracebacks are rendered to text before masking, so that a number inside an exception is masked too.
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        masking_processor,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(target),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
        )
    )
    logging.basicConfig(level=max(getattr(logging, level.upper()), logging.WARNING), handlers=[handler], force=True)
