"""Which models there are, where they live, and how they get there: resumed download, check, atomic install."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

import orjson

from asr.archive_sums import ArchiveSum, ArchiveSums, Basis
from asr.archives import unpack
from asr.engines.sherpa_layout import layout_of
from asr.errors import ModelCorrupt, ModelMissing

MANIFEST = "manifest.json"
"""Inside an installed model: ``{"files": {path: [size, sha256]}, "archive": {"sha256", "basis"}}``, the latter where it
was fetched. Sizes are checked at each use, sums at install."""
_BUILT_IN = Path(__file__).parent / "data"
_CHUNK_BYTES = 1 << 18
_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """A model that can be named. ``sha256`` of the archive is None where none is published: see ``archive_sums``."""

    name: str
    title: str
    directory: str
    """Name of its directory, also the single top directory of its archive."""
    sample_rate_hz: int
    licence: str
    engine: Literal["vosk", "sherpa"] = "vosk"
    demo: bool = False
    """True for a model that is not good enough for real voices."""
    url: str | None = None
    archive_bytes: int | None = None
    sha256: str | None = None
    members: Mapping[str, int] = field(default_factory=dict)
    """Sizes of files that tell this model from others."""


_VOSK = "https://alphacephei.com/vosk/models"
_SHERPA = "https://github.com/k2-fsa/sherpa-onnx/releases/download/asr-models"

CATALOGUE: tuple[ModelEntry, ...] = (
    ModelEntry(
        name="zh-demo",
        title="Mandarin demo model, trained on synthetic voices only: not for real calls (17 MB, built in)",
        directory="zh-demo",
        sample_rate_hz=8000,
        licence="Apache-2.0",
        demo=True,
    ),
    ModelEntry(
        name="zh-small",
        title="Mandarin, small: official Vosk model for production (42 MB download)",
        directory="vosk-model-small-cn-0.22",
        sample_rate_hz=16_000,
        licence="Apache-2.0",
        url=f"{_VOSK}/vosk-model-small-cn-0.22.zip",
        sha256="3af8b0e7e0f835ae9d414ce5df580237a3cfb08d586c9fbbb0f7ff29ad5b14ba",
        members={
            "am/final.mdl": 15_901_896,
            "graph/Gr.fst": 26_082_259,
            "graph/HCLr.fst": 16_158_762,
            "ivector/final.ie": 9_927_287,
        },
    ),
    ModelEntry(
        name="zh-large",
        title="Mandarin, large: official Vosk model (1.3 GB download, GBs of memory; nobody publishes its sum)",
        directory="vosk-model-cn-0.22",
        sample_rate_hz=16_000,
        licence="Apache-2.0",
        url=f"{_VOSK}/vosk-model-cn-0.22.zip",
    ),
    # Sums and sizes of the two below are not ours and not the makers': ten and more independent public projects pin
    # these archives to the same values.
    ModelEntry(
        name="zh-sherpa-small",
        title="Mandarin, streaming Zipformer 14M of sherpa-onnx (74 MB download; asr.engine: sherpa)",
        directory="sherpa-onnx-streaming-zipformer-zh-14M-2023-02-23",
        sample_rate_hz=16_000,
        licence="Apache-2.0",
        engine="sherpa",
        url=f"{_SHERPA}/sherpa-onnx-streaming-zipformer-zh-14M-2023-02-23.tar.bz2",
        archive_bytes=74_004_050,
        sha256="2cbd71b640d9c37d3784f29367333a4577b0398b62e9deeed418170b081cba8b",
    ),
    ModelEntry(
        name="zh-sherpa",
        title="Mandarin and English, streaming Zipformer of sherpa-onnx (511 MB download; asr.engine: sherpa)",
        directory="sherpa-onnx-streaming-zipformer-bilingual-zh-en-2023-02-20",
        sample_rate_hz=16_000,
        licence="Apache-2.0",
        engine="sherpa",
        url=f"{_SHERPA}/sherpa-onnx-streaming-zipformer-bilingual-zh-en-2023-02-20.tar.bz2",
        archive_bytes=511_274_346,
        sha256="27ffbd9ee24ad186d99acc2f6354d7992b27bcab490812510665fa8f9389c5f8",
    ),
)
_OWN_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,60}")
"""Of models that are not listed: also the name of their folder."""
_SHA256 = re.compile(r"[0-9a-f]{64}")
_WRONG_SUM = "try again later; if its maker replaced the file, give the new sum with --sha256"


class Progress(Protocol):
    """Where a download reports: the methods of a tqdm bar."""

    total: float | None

    def update(self, n: float | None = 1) -> object:
        """``n`` more bytes have come."""
        ...


def default_directories(env: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """``CALLCENTER_MODELS`` if it is set, then the user's own; models are installed into the first."""
    home = Path(env.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "callcenter" / "models"
    chosen = env.get("CALLCENTER_MODELS")
    return (Path(chosen), home) if chosen else (home,)


@dataclass(frozen=True, slots=True)
class Status:
    """A line of ``callcenter models list``; ``path`` is None when the model is not installed."""

    entry: ModelEntry
    path: Path | None
    problem: str | None = None


class Registry:
    """Finds and installs models; ``directories`` are searched in order, built-in models come first."""

    def __init__(
        self,
        directories: Sequence[Path] | None = None,
        *,
        catalogue: Sequence[ModelEntry] = CATALOGUE,
    ) -> None:
        self._directories = tuple(directories) if directories is not None else default_directories()
        self._catalogue = {entry.name: entry for entry in catalogue}

    def entries(self) -> list[Status]:
        """Every model that can be named, with its state on this machine."""
        return [self._status(entry) for entry in self._catalogue.values()]

    def entry(self, name: str) -> ModelEntry:
        """The entry of ``name``. Raises ModelMissing naming those that exist."""
        if name not in self._catalogue:
            raise ModelMissing(f"there is no model {name!r}", fix=f"choose one of: {', '.join(self._catalogue)}")
        return self._catalogue[name]

    def path(self, name: str) -> Path:
        """The directory of an installed model, its files checked by size; ``name`` may also be a directory's path.

        Raises ModelMissing (says where the files belong) or ModelCorrupt (names the file).
        """
        if os.sep in name:
            return check_files(Path(name), {})
        if name not in self._catalogue and (own := self._own(name)) is not None:
            return check_files(own, {})
        entry = self.entry(name)
        found = self._find(entry)
        if found is None:
            raise ModelMissing(f"model {name} is not installed", fix=self._how_to_get(entry))
        return check_files(found, entry.members)

    def get(
        self, name: str, *, url: str | None = None, sha256: str | None = None, progress: Progress | None = None
    ) -> Path:
        """Download and install ``name`` unless it is there; an interrupted download goes on where it stopped.

        ``url`` installs a model that is not listed, under a name of one's own; it needs its ``sha256``. For a listed
        model ``sha256`` stands in where none is known. Raises ModelMissing when it cannot be fetched (the message says
        how to install by hand), ModelCorrupt when what came is not what was announced, or not what came before.
        """
        entry, basis = self._wanted(name, url, sha256.lower() if sha256 else None)
        found = self._find(entry)
        if found is not None:
            return check_files(found, entry.members)
        if entry.url is None:
            raise ModelMissing(f"model {name} is part of the package and is gone", fix="install the package again")
        archive = self._archive(entry)
        if not archive.is_file():
            self._fetch(entry, archive, progress)
        installed = install(archive, self._target / entry.directory, entry, basis=basis)
        if basis != "listed":
            self._sums.keep(entry.url, sha256_of(archive))
        archive.unlink()
        return installed

    def archive_sum(self, name: str) -> ArchiveSum | None:
        """The sum of the archive of an installed model and what it was compared with; None where it came by hand."""
        manifest = self.path(name) / MANIFEST
        noted = orjson.loads(manifest.read_bytes()).get("archive") if manifest.is_file() else None
        return ArchiveSum(**noted) if noted else None

    @property
    def _sums(self) -> ArchiveSums:
        return ArchiveSums(self._target)

    @property
    def _target(self) -> Path:
        return self._directories[0]

    def _wanted(self, name: str, url: str | None, sha256: str | None) -> tuple[ModelEntry, Basis]:
        """The model asked for, and where the sum in it comes from."""
        if sha256 is not None and not _SHA256.fullmatch(sha256):
            raise ModelMissing(f"{sha256!r} is no sha256", fix="give the 64 digits that sha256sum prints")
        if url is None:
            entry = self.entry(name)
            if sha256 is not None and entry.sha256 not in (None, sha256):
                raise ModelCorrupt(f"{name} has another sha256: {entry.sha256}", fix="leave --sha256 out")
            if sha256 is None and entry.sha256 is None:
                kept = self._sums.kept(entry.url or "")
                return replace(entry, sha256=kept), "kept" if kept else "first"
            return replace(entry, sha256=sha256 or entry.sha256), "listed" if entry.sha256 else "given"
        if name in self._catalogue or not _OWN_NAME.fullmatch(name):
            raise ModelMissing(f"{name!r} cannot name a model of your own", fix="choose another name of a-z 0-9 . _ -")
        if sha256 is None or not url.startswith("https://"):
            raise ModelMissing("a model by URL needs https and its sha256", fix="give --url https://… --sha256 …")
        own = ModelEntry(
            name=name, title="", directory=name, sample_rate_hz=16_000, licence="its maker's", url=url, sha256=sha256
        )
        return own, "given"

    def _archive(self, entry: ModelEntry) -> Path:
        """Where the download of ``entry`` is kept until it is installed."""
        url = entry.url or ""
        kind = next((end for end in (".tar.bz2", ".tar.gz", ".tgz") if url.endswith(end)), ".zip")
        return self._target / f"{entry.directory}{kind}"

    def _own(self, name: str) -> Path | None:
        """A folder with a model of that name that is not listed."""
        places = (base / name for base in self._directories if _OWN_NAME.fullmatch(name))
        return next((place for place in places if kind_of(place)), None)

    def _find(self, entry: ModelEntry) -> Path | None:
        places = [_BUILT_IN / entry.directory]
        places += [base / folder for base in self._directories for folder in (entry.name, entry.directory)]
        return next((place for place in places if kind_of(place)), None)

    def _status(self, entry: ModelEntry) -> Status:
        found = self._find(entry)
        if found is None:
            return Status(entry, None)
        try:
            return Status(entry, check_files(found, entry.members))
        except ModelCorrupt as error:
            return Status(entry, found, error.message)

    def _how_to_get(self, entry: ModelEntry) -> str:
        if entry.url is None:
            return "install the package again"
        return (
            f"run `callcenter models get {entry.name}`, or without a network: put {entry.url} "
            f"at {self._archive(entry)} and run the same, or unpack it to {self._target / entry.directory}"
        )

    def _fetch(self, entry: ModelEntry, archive: Path, progress: Progress | None) -> None:
        assert entry.url is not None
        part = archive.with_name(archive.name + ".part")
        try:
            archive.parent.mkdir(parents=True, exist_ok=True)
            download(entry.url, part, progress)
        except (urllib.error.URLError, OSError) as error:
            reason = getattr(error, "reason", None) or error
            raise ModelMissing(f"cannot download {entry.name}: {reason}", fix=self._how_to_get(entry)) from error
        if entry.sha256 is not None and sha256_of(part) != entry.sha256:
            part.unlink()
            raise ModelCorrupt(f"{entry.url} is not the announced file (sha256 differs)", fix=_WRONG_SUM)
        part.replace(archive)


def download(url: str, part: Path, progress: Progress | None = None) -> None:
    """Fetch ``url`` into ``part``, going on after the bytes that are there if the server can. Raises OSError."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310 - our own URLs
    try:
        response = urllib.request.urlopen(request, timeout=_TIMEOUT_S)  # noqa: S310
    except urllib.error.HTTPError as error:
        error.close()
        if error.code != 416:
            raise
        # Nothing is left to send: the part is whole, or not of this file; its sum will tell.
        return
    with response:
        resumed = response.status == 206
        have = have if resumed else 0
        expected = _expected_bytes(response.headers.get("Content-Length"), have)
        if progress is not None:
            progress.total = expected
            progress.update(have)
        with part.open("ab" if resumed else "wb") as file:
            for chunk in _chunks(response):
                file.write(chunk)
                if progress is not None:
                    progress.update(len(chunk))
    size = part.stat().st_size
    if expected is not None and size < expected:
        raise OSError(f"the connection ended after {size} of {expected} bytes; run it again to go on")


def install(archive: Path, target: Path, entry: ModelEntry, *, basis: Basis) -> Path:
    """Unpack ``archive`` beside ``target``, check it, and put it in place in one step.

    Raises ModelCorrupt for a broken archive, members that would land outside, or a model that is not ``entry``.
    """
    came = ArchiveSum(sha256_of(archive), basis)
    if entry.sha256 not in (None, came.sha256):
        raise ModelCorrupt(f"{archive} is not {entry.name} (sha256 differs)", fix="delete it and get it again")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as temporary:
        unpacked = Path(temporary) / "model"
        unpack(archive, unpacked)
        check_files(unpacked, entry.members)
        write_manifest(unpacked, archive=came)
        if target.exists():
            shutil.rmtree(target)
        unpacked.replace(target)
    return target


def check_files(directory: Path, members: Mapping[str, int]) -> Path:
    """Return ``directory`` if it holds a model whose files have the sizes of its manifest and of ``members``.

    Raises ModelMissing or ModelCorrupt.
    """
    if kind_of(directory) is None:
        raise ModelMissing(
            f"{directory} holds no Vosk model (no am/final.mdl) and none of sherpa-onnx (no tokens.txt)",
            fix="give the model's own directory",
        )
    manifest = directory / MANIFEST
    expected = dict(members)
    if manifest.is_file():
        expected |= {name: size for name, (size, _sum) in orjson.loads(manifest.read_bytes())["files"].items()}
    for name, size in expected.items():
        file = directory / name
        actual = file.stat().st_size if file.is_file() else None
        if actual != size:
            state = "is missing" if actual is None else f"has {actual} bytes instead of {size}"
            raise ModelCorrupt(f"{file} {state}", fix="delete the model's directory and install it again")
    return directory


def kind_of(directory: Path) -> Literal["vosk", "sherpa"] | None:
    """The engine whose model lies in ``directory``; None when there is none."""
    if (directory / "am" / "final.mdl").is_file():
        return "vosk"
    try:
        layout_of(directory)
    except ModelMissing:
        return None
    return "sherpa"


def write_manifest(directory: Path, archive: ArchiveSum | None = None) -> None:
    """Note the size and sum of every file of a model, so that damage is noticed before the engine reads it."""
    names = sorted(path for path in directory.rglob("*") if path.is_file() and path.name != MANIFEST)
    files = {path.relative_to(directory).as_posix(): [path.stat().st_size, sha256_of(path)] for path in names}
    noted = {"files": files} | ({"archive": archive} if archive else {})
    (directory / MANIFEST).write_bytes(orjson.dumps(noted, option=orjson.OPT_INDENT_2))


def sha256_of(path: Path) -> str:
    """Hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _expected_bytes(content_length: str | None, have: int) -> int | None:
    return have + int(content_length) if content_length and content_length.isdigit() else None


def _chunks(response: BinaryIO) -> Iterator[bytes]:
    while chunk := response.read(_CHUNK_BYTES):
        yield chunk
