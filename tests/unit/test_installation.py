"""What is checked before anything runs: package owners, the data folder, the instance lock, the PBX user."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from callcenter.errors import Conflict, Invalid, Unavailable
from callcenter.features import package_owner
from callcenter.features.startup import prepare_data_dir
from callcenter.storage.instance_lock import InstanceLock
from callcenter.telephony import manager_conf

LEAN = Path(__file__).parents[1] / "asterisk" / "lab" / "asterisk-lab.sh"


def test_another_owner_of_our_names_is_refused(monkeypatch):
    """With a foreign distribution in ``nlp`` the start is refused, naming it."""
    monkeypatch.setattr(package_owner, "packages_distributions", lambda: {"nlp": ["callcenter-desk", "nlp-toolkit"]})
    with pytest.raises(Conflict, match="nlp-toolkit"):
        package_owner.check()


def test_our_own_environment_is_ours():
    """Here nobody else owns the four names."""
    package_owner.check()


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path):
    """A file where the folder should be: Unavailable with the path."""
    (tmp_path / "data").write_text("")
    with pytest.raises(Unavailable) as error:
        prepare_data_dir(tmp_path / "data")
    assert error.value.field == str(tmp_path / "data")


@pytest.mark.skipif(
    os.geteuid() == 0 and not Path("/usr/bin/setpriv").exists(),
    reason="root may write anywhere, and setpriv is missing",
)
def test_a_read_only_data_folder_is_named(tmp_path):
    """Without the right to write: Unavailable that says so. Root drops its rights to find out."""
    tmp_path.chmod(0o755)
    folder = tmp_path / "data"
    folder.mkdir(mode=0o555)
    code = (
        "import sys; sys.path.insert(0, sys.argv[2])\n"
        "from pathlib import Path\n"
        "from callcenter.features.startup import prepare_data_dir\n"
        "from callcenter.errors import Unavailable\n"
        "try: prepare_data_dir(Path(sys.argv[1]))\n"
        "except Unavailable as error: print(error)\n"
    )
    root = Path(__file__).parents[2]
    drop = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    run = subprocess.run(
        [*drop, sys.executable, "-c", code, str(folder), str(root)], capture_output=True, text=True, check=True
    )
    assert "Permission denied" in run.stdout


def test_a_second_instance_is_refused_and_told_who_is_first(tmp_path):
    """The lock names the process that holds it, and is free again after release."""
    first, second = InstanceLock(tmp_path), InstanceLock(tmp_path)
    first.acquire()
    with pytest.raises(Conflict, match=str(os.getpid())):
        second.acquire()
    first.release()
    second.acquire()
    second.release()


def test_the_lock_of_a_dead_process_does_not_hold(tmp_path):
    """A process that is killed leaves its file but not its lock."""
    code = "import sys, os, signal; from pathlib import Path; from callcenter.storage.instance_lock import InstanceLock; InstanceLock(Path(sys.argv[1])).acquire(); os.kill(os.getpid(), signal.SIGKILL)"
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, cwd=Path(__file__).parents[2])
    assert (tmp_path / "lock").exists()
    later = InstanceLock(tmp_path)
    later.acquire()
    later.release()


def test_what_a_process_makes_is_for_its_own_user(tmp_path):
    """Also in a data folder that an administrator made for everybody to read."""
    tmp_path.chmod(0o755)
    before = os.umask(0o022)
    try:
        prepare_data_dir(tmp_path)
        (tmp_path / "callcenter.db").touch()
    finally:
        os.umask(before)
    assert (tmp_path / "callcenter.db").stat().st_mode & 0o077 == 0


def test_manager_conf_asks_for_the_least():
    """No class beyond those needed, nobody but the named host, and every event the lab's lean user has."""
    text = manager_conf.section(username="desk", asterisk=22, permit="10.0.0.9/32")
    assert "[desk]" in text
    assert "permit = 10.0.0.9/32" in text
    assert "write = call,agent,reporting,originate" in text
    assert "command" not in text
    assert "system" not in text
    lean = LEAN.read_text("utf-8")
    assert all(event in lean for event in manager_conf.EVENTS)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"permit": "10.0.0.9/32\npermit = 0.0.0.0/0"}, "--permit"),
        ({"permit": "everywhere"}, "--permit"),
        ({"username": "a]\nread = all"}, "pbx.username"),
    ],
)
def test_manager_conf_takes_no_line_of_a_stranger(wrong, field):
    """A network or user that is none is refused and cannot bring further lines into the file."""
    with pytest.raises(Invalid) as error:
        manager_conf.section(**{"username": "desk", "asterisk": 22, **wrong})
    assert error.value.field == field


def test_manager_conf_for_pops_alone_has_no_write_class():
    """Pop-only needs no right to change anything."""
    assert "write =" not in manager_conf.section(username="desk", asterisk=22, pop_only=True)


def test_manager_conf_speaks_the_version_s_filter_language():
    """Older versions get one regular expression; too old ones are refused."""
    text = manager_conf.section(username="desk", asterisk=16)
    assert "eventfilter = Event: (Newchannel|" in text
    assert "name(" not in text
    with pytest.raises(Invalid):
        manager_conf.section(username="desk", asterisk=11)


def test_the_old_filter_lets_no_longer_names_through():
    """One expression is searched in the event's text: Hangup passes, HangupRequest and MusicOnHoldStart do not."""
    text = manager_conf.section(username="desk", asterisk=16)
    pattern = re.compile(text.partition("eventfilter = ")[2].strip())
    passed = [
        name
        for name in ("Hangup", "HangupRequest", "Hold", "MusicOnHoldStart", "AgentConnect", "VarSet")
        if pattern.search(f"Event: {name}\r\nPrivilege: call,all\r\n")
    ]
    assert passed == ["Hangup", "Hold", "AgentConnect"]
