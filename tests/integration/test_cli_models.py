"""``callcenter models adapt`` as its user runs it."""

import json

from click.testing import CliRunner

from asr.models import Registry
from callcenter.cli.main import main


def run(*args):
    return CliRunner().invoke(main, [str(arg) for arg in args], obj=None)


def test_a_model_is_adapted_and_can_be_found(tmp_path):
    """Words of the catalogue and of a list are preferred; the copy is a model that the registry takes."""
    (tmp_path / "streets.txt").write_text("# streets\n雄楚大道\n珞瑜路 # busy\n", encoding="utf-8")
    done = run("models", "adapt", "zh-demo", tmp_path / "ours", "--words", tmp_path / "streets.txt", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["phrases"] > 500
    assert "雄楚大道" not in told["skipped"]
    assert Registry([]).path(told["path"]) == tmp_path / "ours"


def test_the_users_names_are_preferred(tmp_path, monkeypatch):
    """Whoever has a login under a Chinese name is among the words; others, and a machine without a database, are not."""
    monkeypatch.chdir(tmp_path)
    alone = json.loads(run("models", "adapt", "zh-demo", tmp_path / "alone", "--json").stdout)
    assert not (tmp_path / "data").exists()
    for username, name in (("xu", "徐文斌"), ("zhao", "赵敏"), ("bob", "Bob Li")):
        assert run("user", "add", username, "--name", name, "--role", "agent").exit_code == 0
    assert run("user", "disable", "zhao").exit_code == 0
    ours = json.loads(run("models", "adapt", "zh-demo", tmp_path / "ours", "--json").stdout)
    assert ours["phrases"] == alone["phrases"] + 1
    assert ours["skipped"] == alone["skipped"]


def test_a_list_that_is_missing_is_named(tmp_path):
    """Nothing is written when a word list cannot be read."""
    done = run("models", "adapt", "zh-demo", tmp_path / "ours", "--words", tmp_path / "none.txt")
    assert done.exit_code == 7
    assert "none.txt" in done.stderr
    assert not (tmp_path / "ours").exists()


def test_an_unknown_model_says_which_there_are(tmp_path):
    """A wrong name is answered with the right ones."""
    done = run("models", "adapt", "zh-huge", tmp_path / "ours")
    assert done.exit_code == 4
    assert "zh-demo" in done.stderr
