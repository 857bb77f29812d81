"""What may be attached to an order: told by a file's first bytes, never by its name."""

from __future__ import annotations

from dataclasses import dataclass

HEAD = 4096
"""Bytes that are looked at."""


@dataclass(frozen=True, slots=True)
class _Signature:
    """``magic`` at ``offset`` means ``media_type``; ``brand``: words after it, one of which must follow at 8."""

    media_type: str
    magic: bytes
    offset: int = 0
    brand: tuple[bytes, ...] = ()
    brand_at: int = 8


_FILMS = tuple(b"isom iso2 iso5 iso6 mp41 mp42 avc1 3gp4 3gp5".split())
_SIGNATURES = (
    _Signature("image/jpeg", b"\xff\xd8\xff"),
    _Signature("image/png", b"\x89PNG\r\n\x1a\n"),
    _Signature("image/gif", b"GIF8"),
    _Signature("image/webp", b"RIFF", brand=(b"WEBP",)),
    _Signature("image/heic", b"ftyp", 4, brand=(b"heic", b"heix", b"mif1", b"msf1")),
    _Signature("video/quicktime", b"ftyp", 4, brand=(b"qt  ",)),
    _Signature("video/mp4", b"ftyp", 4, brand=_FILMS),
    _Signature("audio/mp4", b"ftyp", 4, brand=(b"M4A ",)),
    _Signature("audio/wav", b"RIFF", brand=(b"WAVE",)),
    _Signature("audio/amr", b"#!AMR"),
    _Signature("audio/mpeg", b"ID3"),
    _Signature("application/pdf", b"%PDF-"),
)  # fmt: skip

ALLOWED = (*dict.fromkeys(signature.media_type for signature in _SIGNATURES), "text/plain")
"""Photos, films, sound, documents and logs; nothing that a program runs or a browser would run."""


def media_type(head: bytes) -> str | None:
    """The media type by the first ``HEAD`` bytes of a file; None for what may not be attached, and for nothing."""
    for signature in _SIGNATURES:
        end = signature.offset + len(signature.magic)
        if head[signature.offset : end] == signature.magic and _branded(head, signature):
            return signature.media_type
    return "text/plain" if _plain(head) else None


def _branded(head: bytes, signature: _Signature) -> bool:
    return not signature.brand or head[signature.brand_at : signature.brand_at + 4] in signature.brand


def _plain(head: bytes) -> bool:
    """A log: text in UTF-8 or GB 18030 without control characters, and no page or drawing that a browser would run."""
    if not head or head.lstrip()[:1] == b"<" or any(byte < 32 and byte not in b"\t\n\r\x1b" for byte in head):
        return False
    # The last character may be cut.
    return any(_decodes(head[: len(head) - cut], encoding) for encoding in ("utf-8", "gb18030") for cut in range(4))


def _decodes(head: bytes, encoding: str) -> bool:
    try:
        head.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
