"""Files kept by their content."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest

from callcenter.errors import NotFound, Unavailable
from callcenter.storage import blobs
from callcenter.storage.blobs import BlobStore, FileKindRefused, FileTooLarge


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def text(_head: bytes) -> str | None:
    return "text/plain"


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_the_same_bytes_are_stored_once(tmp_path: Path) -> None:
    """However they are cut; the key is their SHA-256; nothing else is left in the folder."""
    store, content = BlobStore(tmp_path), bytes(range(256)) * 9000
    first = await store.keep(chunks(content), judge=text, max_bytes=10**7)
    again = await store.keep(chunks(content[:5], content[5:100], content[100:]), judge=text, max_bytes=10**7)
    assert first == again
    assert (first.sha256, first.size_bytes) == (sha256(content).hexdigest(), len(content))
    assert files(tmp_path) == [store.path(first.sha256)]
    assert store.path(first.sha256).read_bytes() == content


async def test_what_is_refused_leaves_nothing(tmp_path: Path) -> None:
    """Too large, of another kind (before the rest is read), empty, or a sender who goes away."""

    async def gone() -> AsyncIterator[bytes]:
        yield b"x" * 5000
        raise ConnectionResetError

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 5000

    store = BlobStore(tmp_path)
    with pytest.raises(FileTooLarge):
        await store.keep(endless(), judge=text, max_bytes=100_000)
    with pytest.raises(FileKindRefused):
        await store.keep(endless(), judge=lambda _head: None, max_bytes=10**12)
    with pytest.raises(FileKindRefused):
        await store.keep(chunks(), judge=lambda head: "text/plain" if head else None, max_bytes=10)
    with pytest.raises(ConnectionResetError):
        await store.keep(gone(), judge=text, max_bytes=10**6)
    assert files(tmp_path) == []


async def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unavailable with what to do, and no part of the file stays."""

    def full(*_arguments: object, **_more: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(blobs, "_write", full)
    with pytest.raises(Unavailable, match="No space left"):
        await BlobStore(tmp_path).keep(chunks(b"x"), judge=text, max_bytes=10)
    assert files(tmp_path) == []


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "a" * 63, "A" * 64, "a" * 64])
def test_a_key_leads_nowhere_else(tmp_path: Path, key: str) -> None:
    """Only a hash of a file that is there."""
    with pytest.raises(NotFound):
        BlobStore(tmp_path).path(key)


async def test_a_sweep_takes_what_nobody_wants(tmp_path: Path) -> None:
    """Old files without an owner go, wanted and fresh ones stay."""
    store = BlobStore(tmp_path)
    one, two = [await store.keep(chunks(part), judge=text, max_bytes=10) for part in (b"1", b"2")]
    assert store.sweep({one.sha256}, older_than=0) == 0
    assert store.sweep({one.sha256}, older_than=4e9) == 1
    assert store.path(one.sha256).is_file()
    with pytest.raises(NotFound):
        store.path(two.sha256)
