"""What may be attached, by its first bytes; whom a comment names."""

from __future__ import annotations

import pytest

from workorder.policy.attachments import HEAD, media_type
from workorder.policy.mentions import mentioned


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n\0", "image/png"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
        (b"\0\0\0\x18ftypheic", "image/heic"),
        (b"\0\0\0\x18ftypisom\0\0", "video/mp4"),
        (b"\0\0\0\x14ftypqt  ", "video/quicktime"),
        (b"%PDF-1.7", "application/pdf"),
        ("2026-11-21 E4 压缩机过热".encode(), "text/plain"),
        ("故障代码".encode("gb18030"), "text/plain"),
        (("x" + "压" * 2000).encode()[:HEAD], "text/plain"),
        (b"", None),
        (b"MZ\x90\0", None),
        (b"PK\x03\x04\x14\0", None),
        (b"\x7fELF\x02", None),
        (b"<html><script>", None),
        (b"  \n<svg xmlns=", None),
        (b"RIFF\0\0\0\0AVI LIST", None),
        (b"\0\0\0\x18ftypxxxx", None),
        (b"text\0with nul", None),
    ],
)  # fmt: skip
def test_the_kind_is_told_by_content(head, kind):
    """Photos, films, sound, PDF and logs; never a program, an archive, a page or a drawing with scripts."""
    assert media_type(head) == kind


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@lin 看一下", ("lin",)),
        ("请@林工 和 @wang.fang. 处理，@lin", ("林工", "wang.fang", "lin")),
        ("写信到 a@b.com 或@", ()),
        ("@lin @lin", ("lin",)),
        ("没有人", ()),
    ],
)
def test_mentions(text, names):
    """Each name once, in order; a mail address is none."""
    assert mentioned(text) == names
