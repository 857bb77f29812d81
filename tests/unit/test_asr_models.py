import hashlib
import io
import shutil
import stat
import tarfile
import threading
import zipfile
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner

from asr.archive_sums import FILE as SUMS_FILE
from asr.archive_sums import ArchiveSum
from asr.errors import ModelCorrupt, ModelMissing
from asr.load import find_model, load_recognizer
from asr.models import CATALOGUE, MANIFEST, ModelEntry, Registry, default_directories, write_manifest
from callcenter.cli.main import main as cli

FILES = {"am/final.mdl": b"acoustic" * 1000, "conf/mfcc.conf": b"--sample-frequency=8000\n", "graph/empty.int": b""}


def archive(files=FILES, top="tiny-1.0/"):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr(top, b"")
        for name, content in files.items():
            opened.writestr(top + name, content)
    return packed.getvalue()


class Site:
    """A web server with one file; ``cut`` ends the first answer early, ``ranges`` says whether it can resume."""

    def __init__(self, content, *, cut=None, ranges=True):
        site = self
        self.requests = []
        self.content = content

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                asked = self.headers.get("Range")
                site.requests.append(asked)
                start = int(asked[6:-1]) if asked and ranges else 0
                if start >= len(site.content):
                    self.send_error(416)
                    return
                body = site.content[start:]
                self.send_response(206 if asked and ranges else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[:cut] if cut and len(site.requests) == 1 else body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/tiny-1.0.zip"

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def serve():
    sites = []

    def start(content, **how):
        sites.append(Site(content, **how))
        return sites[-1]

    yield start
    for site in sites:
        site.close()


def entry(url, content=None, **more):
    digest = hashlib.sha256(content).hexdigest() if content else None
    return ModelEntry(
        name="tiny", title="", directory="tiny-1.0", sample_rate_hz=8000, licence="", url=url, sha256=digest, **more
    )


class Bar:
    total = None

    def __init__(self):
        self.n = 0

    def update(self, n=1):
        self.n += n


def test_the_built_in_model_is_whole():
    """zh-demo ships inside the package, is labelled as a demo, and every file has the sum of its manifest."""
    import orjson

    registry = Registry([])
    path = registry.path("zh-demo")
    assert registry.entry("zh-demo").demo
    noted = orjson.loads((path / MANIFEST).read_bytes())["files"]
    on_disk = {p.relative_to(path).as_posix(): p for p in path.rglob("*") if p.is_file() and p.name != MANIFEST}
    assert {
        name: [p.stat().st_size, hashlib.sha256(p.read_bytes()).hexdigest()] for name, p in on_disk.items()
    } == noted
    assert sum(size for size, _ in noted.values()) <= 20_000_000


def test_a_model_is_fetched_checked_and_installed(tmp_path, serve):
    """``get`` reports progress, leaves only the model, and the next ``get`` and ``path`` find it without a network."""
    content = archive()
    site = serve(content)
    registry = Registry([tmp_path], catalogue=[entry(site.url, content, members={"am/final.mdl": 8000})])
    bar = Bar()
    path = registry.get("tiny", progress=bar)
    assert path == tmp_path / "tiny-1.0" == registry.path("tiny") == registry.get("tiny")
    assert bar.n == bar.total == len(content)
    assert [p.name for p in tmp_path.iterdir()] == ["tiny-1.0"]
    assert (path / "graph" / "empty.int").read_bytes() == b""
    assert len(site.requests) == 1
    (status,) = registry.entries()
    assert (status.path, status.problem) == (path, None)


@pytest.mark.parametrize("ranges", [True, False])
def test_an_interrupted_download_goes_on(tmp_path, serve, ranges):
    """After a cut, the second try asks for the rest; a server that cannot resume sends all again."""
    content = archive()
    site = serve(content, cut=100, ranges=ranges)
    registry = Registry([tmp_path], catalogue=[entry(site.url, content)])
    with pytest.raises(ModelMissing, match="put http"):
        registry.get("tiny")
    assert (tmp_path / "tiny-1.0.zip.part").stat().st_size == 100
    assert registry.get("tiny").is_dir()
    assert site.requests == [None, "bytes=100-"]


def test_a_wrong_file_is_refused_and_fetched_afresh(tmp_path, serve):
    """A sum that differs is ModelCorrupt; nothing is installed and the bad bytes are not kept."""
    site = serve(archive())
    registry = Registry([tmp_path], catalogue=[entry(site.url, b"something else")])
    with pytest.raises(ModelCorrupt, match="sha256"):
        registry.get("tiny")
    assert list(tmp_path.iterdir()) == []


def test_without_a_network_the_message_says_where_to_put_the_file(tmp_path):
    """The error names the URL, the place and the command; the archive put there is then installed."""
    content = archive()
    registry = Registry([tmp_path], catalogue=[entry("http://127.0.0.1:9/tiny-1.0.zip", content)])
    with pytest.raises(ModelMissing) as caught:
        registry.get("tiny")
    for hint in ("http://127.0.0.1:9/tiny-1.0.zip", str(tmp_path / "tiny-1.0.zip"), "callcenter models get tiny"):
        assert hint in caught.value.fix
    (tmp_path / "tiny-1.0.zip").write_bytes(content)
    assert registry.get("tiny").is_dir()


@pytest.mark.parametrize("name", ["../evil", "tiny-1.0/../../evil", "/etc/evil", "C:/evil", "..\\..\\evil"])
def test_an_archive_cannot_write_outside(tmp_path, name):
    """Members that lead out of the model's directory are refused before anything is installed."""
    packed = io.BytesIO(archive())
    with zipfile.ZipFile(packed, "a") as opened:
        opened.writestr(name, b"evil")
    target = tmp_path / "models"
    target.mkdir()
    (target / "tiny-1.0.zip").write_bytes(packed.getvalue())
    with pytest.raises(ModelCorrupt, match="unsafe"):
        Registry([target], catalogue=[entry("http://127.0.0.1:9/")]).get("tiny")
    assert [p.name for p in tmp_path.rglob("*")] == ["models", "tiny-1.0.zip"]


def test_links_in_an_archive_are_refused(tmp_path):
    """A symbolic link would be a way out of the directory."""
    packed = io.BytesIO(archive())
    with zipfile.ZipFile(packed, "a") as opened:
        link = zipfile.ZipInfo("tiny-1.0/link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        opened.writestr(link, "/etc/passwd")
    (tmp_path / "tiny-1.0.zip").write_bytes(packed.getvalue())
    with pytest.raises(ModelCorrupt, match="unsafe"):
        Registry([tmp_path], catalogue=[entry("http://127.0.0.1:9/")]).get("tiny")


def test_a_cut_archive_is_corrupt(tmp_path):
    """Half a zip is refused with what to do."""
    (tmp_path / "tiny-1.0.zip").write_bytes(archive()[:300])
    with pytest.raises(ModelCorrupt, match="delete it and get it again"):
        Registry([tmp_path], catalogue=[entry("http://127.0.0.1:9/")]).get("tiny")


def test_the_wrong_model_is_not_installed(tmp_path):
    """An archive whose files are not those of the entry is refused."""
    (tmp_path / "tiny-1.0.zip").write_bytes(archive())
    with pytest.raises(ModelCorrupt, match="instead of 5"):
        Registry([tmp_path], catalogue=[entry("http://127.0.0.1:9/", members={"am/final.mdl": 5})]).get("tiny")
    assert not (tmp_path / "tiny-1.0").exists()


def test_damage_after_installation_is_noticed(tmp_path):
    """A file cut or gone later is named before the engine sees it; ``entries`` tells as well."""
    model = tmp_path / "tiny-1.0"
    for name, content in FILES.items():
        (model / name).parent.mkdir(parents=True, exist_ok=True)
        (model / name).write_bytes(content)
    write_manifest(model)
    registry = Registry([tmp_path], catalogue=[entry(None)])
    assert registry.path("tiny") == model
    (model / "conf" / "mfcc.conf").write_bytes(b"--sam")
    with pytest.raises(ModelCorrupt, match=r"mfcc\.conf has 5 bytes instead of 24"):
        registry.path("tiny")
    (model / "conf" / "mfcc.conf").unlink()
    assert "is missing" in registry.entries()[0].problem


def test_unknown_names_and_directories(tmp_path):
    """A name nobody knows lists those that exist; a directory without a model says so."""
    registry = Registry([tmp_path])
    with pytest.raises(ModelMissing, match="zh-demo, zh-small, zh-large"):
        registry.path("klingon")
    with pytest.raises(ModelMissing, match=r"am/final\.mdl"):
        registry.path(str(tmp_path))
    assert registry.path(str(Registry([]).path("zh-demo"))).name == "zh-demo"


def test_what_vosk_cannot_read_is_corrupt(tmp_path):
    """A directory that looks like a model but is none gives ModelCorrupt, an unknown engine ModelMissing."""
    (tmp_path / "am").mkdir()
    (tmp_path / "am" / "final.mdl").write_bytes(b"not a model")
    with pytest.raises(ModelCorrupt, match="Vosk cannot load"):
        load_recognizer("vosk", str(tmp_path))
    with pytest.raises(ModelMissing, match="no engine"):
        load_recognizer("telepathy", "zh-demo")


def test_where_models_live(tmp_path):
    """CALLCENTER_MODELS comes first, then the user's own data directory."""
    env = {"CALLCENTER_MODELS": str(tmp_path), "XDG_DATA_HOME": "/data"}
    assert [str(d) for d in default_directories(env)] == [str(tmp_path), "/data/callcenter/models"]
    assert len(default_directories({})) == 1


def test_the_catalogue_is_complete():
    """Every model names its licence and rate; what is downloaded comes over HTTPS."""
    for model in CATALOGUE:
        assert model.licence
        assert model.sample_rate_hz in (8000, 16_000)
        assert model.url is None or model.url.startswith("https://")


SHERPA = {"tokens.txt": b"a 0\n", "encoder-1.int8.onnx": b"e", "decoder-1.onnx": b"d", "joiner-1.int8.onnx": b"j"}


def tar(files=SHERPA, top="sherpa-1/", links=()):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:bz2") as opened:
        for name, content in files.items():
            member = tarfile.TarInfo(top + name)
            member.size = len(content)
            opened.addfile(member, io.BytesIO(content))
        for name in links:
            member = tarfile.TarInfo(top + name)
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            opened.addfile(member)
    return packed.getvalue()


def test_a_sherpa_release_is_installed_from_its_tar(tmp_path, serve):
    """tar.bz2 as sherpa-onnx publishes it: checked, unpacked without its top folder, found by its name."""
    content = tar()
    site = serve(content)
    listed = replace(entry(site.url + ".tar.bz2", content), engine="sherpa")
    registry = Registry([tmp_path], catalogue=[listed])
    path = registry.get("tiny")
    assert sorted(file.name for file in path.iterdir()) == sorted([*SHERPA, MANIFEST])
    assert registry.path("tiny") == path
    assert find_model("sherpa", "tiny", registry) == path
    assert not list(tmp_path.glob("*.tar.bz2"))


@pytest.mark.parametrize(
    "content", [tar(links=["model.onnx"]), tar({"../../evil": b"x"}), tar()[:80]], ids=["a link", "outside", "cut"]
)
def test_a_hostile_or_broken_tar_installs_nothing(tmp_path, serve, content):
    """Links, names that lead outside, and a cut file are refused whole."""
    registry = Registry([tmp_path / "models"], catalogue=[entry(serve(content).url, content)])
    with pytest.raises(ModelCorrupt):
        registry.get("tiny")
    assert not (tmp_path / "evil").exists()
    assert [file.name for file in (tmp_path / "models").iterdir() if file.is_dir()] == []


def test_a_model_that_is_not_listed_is_installed_by_url_and_sum(tmp_path, monkeypatch):
    """Under a name of one's own, which then names it everywhere; without its sum, or with another, nothing is installed."""
    content = archive()
    digest = hashlib.sha256(content).hexdigest()
    monkeypatch.setattr("asr.models.download", lambda _url, part, _progress: part.write_bytes(content))
    registry, url = Registry([tmp_path]), "https://example.org/models/other.zip"
    with pytest.raises(ModelCorrupt, match="sha256 differs"):
        registry.get("ours", url=url, sha256="0" * 64)
    path = registry.get("ours", url=url, sha256=digest.upper())
    assert path == tmp_path / "ours"
    assert registry.path("ours") == path


@pytest.mark.parametrize(
    ("name", "how", "message"),
    [
        ("ours", {"url": "https://example.org/x.zip"}, "needs https and its sha256"),
        ("ours", {"url": "http://example.org/x.zip", "sha256": "0" * 64}, "needs https"),
        ("../ours", {"url": "https://example.org/x.zip", "sha256": "0" * 64}, "cannot name"),
        ("zh-small", {"url": "https://example.org/x.zip", "sha256": "0" * 64}, "cannot name"),
        ("zh-large", {"sha256": "abc"}, "is no sha256"),
        ("zh-small", {"sha256": "0" * 64}, "has another sha256"),
    ],
)
def test_what_is_missing_for_a_model_by_url_is_said(tmp_path, name, how, message):
    """The message names what to give; nothing is fetched."""
    with pytest.raises((ModelMissing, ModelCorrupt), match=message):
        Registry([tmp_path]).get(name, **how)
    assert list(tmp_path.iterdir()) == []


def test_a_listed_model_without_a_sum_takes_one(tmp_path, serve):
    """--sha256 for zh-large: another file is refused."""
    content = archive()
    registry = Registry([tmp_path], catalogue=[entry(serve(content).url)])
    with pytest.raises(ModelCorrupt, match="sha256 differs"):
        registry.get("tiny", sha256="0" * 64)
    assert registry.get("tiny", sha256=hashlib.sha256(content).hexdigest()).is_dir()


def test_a_model_whose_sum_nobody_publishes_is_trusted_the_first_time_only(tmp_path, serve):
    """The sum of the first download is kept and outlives the model; another file is refused until its sum is given."""
    first, other = archive(), archive() + b"more"
    site = serve(first)
    registry = Registry([tmp_path], catalogue=[entry(site.url)])
    digest, changed = (hashlib.sha256(content).hexdigest() for content in (first, other))
    registry.get("tiny")
    assert registry.archive_sum("tiny") == ArchiveSum(digest, "first")

    shutil.rmtree(tmp_path / "tiny-1.0")
    registry.get("tiny")
    assert registry.archive_sum("tiny") == ArchiveSum(digest, "kept")

    shutil.rmtree(tmp_path / "tiny-1.0")
    site.content = other
    with pytest.raises(ModelCorrupt, match="sha256 differs") as refused:
        registry.get("tiny")
    assert "--sha256" in refused.value.fix
    assert [file.name for file in tmp_path.iterdir()] == [SUMS_FILE]
    registry.get("tiny", sha256=changed)
    assert registry.archive_sum("tiny") == ArchiveSum(changed, "given")

    shutil.rmtree(tmp_path / "tiny-1.0")
    registry.get("tiny")
    assert registry.archive_sum("tiny") == ArchiveSum(changed, "kept")


def test_sums_that_cannot_be_read_are_not_taken_for_none(tmp_path, serve):
    """A damaged list of sums stops the download and is named."""
    (tmp_path / SUMS_FILE).write_bytes(b"{")
    with pytest.raises(ModelCorrupt, match=SUMS_FILE):
        Registry([tmp_path], catalogue=[entry(serve(archive()).url)]).get("tiny")


@pytest.mark.parametrize(
    ("listed", "told"), [(True, "lists for this model"), (False, "not verified: nobody publishes")]
)
def test_the_command_says_what_was_verified(tmp_path, serve, monkeypatch, listed, told):
    """``models get`` prints the folder, and beside it the sum and what it was compared with."""
    content = archive()
    catalogue = [entry(serve(content).url, content if listed else None)]
    monkeypatch.setattr("asr.models.Registry", partial(Registry, [tmp_path], catalogue=catalogue))
    result = CliRunner().invoke(cli, ["models", "get", "tiny"])
    assert result.stdout == f"{tmp_path / 'tiny-1.0'}\n"
    assert hashlib.sha256(content).hexdigest() in result.stderr
    assert told in result.stderr
