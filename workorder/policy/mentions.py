"""Whom a comment names."""

from __future__ import annotations

import re

_MENTION = re.compile(r"(?<![A-Za-z0-9_.])@([\w][\w.-]{0,59})")


def mentioned(text: str) -> tuple[str, ...]:
    """The names after ``@``, each once, in order, as typed; a mail address is no mention."""
    names = (found.rstrip(".-") for found in _MENTION.findall(text))
    return tuple(dict.fromkeys(name for name in names if name))
