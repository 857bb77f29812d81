"""``callcenter order comment|task|hand-over|approval|part|file|priority|progress|replies`` on a database of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.storage import audit
from tests.integration.cli_site import Site, created, site

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 64


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site with users, a customer and a created order."""
    monkeypatch.setenv("CALLCENTER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("USER", "root")
    monkeypatch.chdir(tmp_path)
    return site(tmp_path)


def test_comments_name_users(desk: Site) -> None:
    """User and display names are found, those kept out are not; by default the command line says it."""
    (said,) = desk.json("order", "comment", "add", desk.number, "@li @陈主管 @zhao 请看")
    assert (said["by"], set(said["mentions"])) == ("cli:root", {desk.user_ids["li"], desk.user_ids["chen"]})
    desk.call("order", "comment", "add", desk.number.lower(), "second", "--by", "li")
    first, second = desk.json("order", "comment", "list", desk.number)
    assert (first["text"], second["by"]) == ("@li @陈主管 @zhao 请看", desk.user_ids["li"])
    assert "second" in desk.call("order", "comment", "list", desk.number).stdout


def test_long_lists_are_whole(desk: Site) -> None:
    """More comments than a page has are all listed, in order."""
    from workorder.commands import AddComment
    from workorder.services import orders, teamwork
    from workorder.services.order_filters import OrderQuery

    async def talk(session) -> None:
        (order,) = (await orders.list_orders(session, OrderQuery(number=desk.number, limit=1))).items
        for turn in range(203):
            command = AddComment(by="u1", at=order.created_at, order_id=order.order_id, text=f"{turn}")
            await teamwork.add_comment(session, command)

    desk.read(talk)
    assert [one["text"] for one in desk.json("order", "comment", "list", desk.number)] == [str(n) for n in range(203)]


def test_acting_for_a_user_is_on_record(desk: Site) -> None:
    """The audit names who sat at the command line; unknown users and those kept out do nothing."""
    desk.call("order", "comment", "add", desk.number, "for li", "--by", "li")
    (line,) = desk.read(lambda session: audit.lines(session, subject=desk.user_ids["li"]))
    assert (line.by, line.action) == ("cli:root", "user.acted_for")
    for name in ("nobody", "zhao"):
        assert "--by" in desk.call("order", "comment", "add", desk.number, "x", "--by", name, code=7).stderr
    assert len(desk.json("order", "comment", "list", desk.number)) == 1


def test_tasks_are_added_ticked_off_and_opened_again(desk: Site) -> None:
    """A step that a task blocks waits for it."""
    (task,) = desk.json("order", "task", "add", desk.number, "call back", "--assignee", "li", "--blocks", "dispatch")
    assert (task["assignee"], task["blocks"]) == (desk.user_ids["li"], "dispatch")
    assert "call back" in desk.call("order", "move", desk.number, "dispatch", code=5).stderr
    (done,) = desk.json("order", "task", "done", task["task_id"], "--by", "li")
    assert done["done_by"] == desk.user_ids["li"]
    desk.call("order", "task", "reopen", task["task_id"])
    assert "open  call back  blocks dispatch" in desk.call("order", "task", "list", desk.number).stdout
    desk.call("order", "task", "done", task["task_id"])
    desk.call("order", "move", desk.number, "dispatch")


def test_an_order_is_handed_over(desk: Site) -> None:
    """To a user, to a team, to nobody; one of them has to be said."""
    (moved,) = desk.json("order", "hand-over", desk.number, "--to", "li", "--team", "north", "--reason", "closer")
    assert (moved["handler"], moved["team"]) == (desk.user_ids["li"], "north")
    (moved,) = desk.json("order", "hand-over", desk.number, "--nobody")
    assert (moved["handler"], moved["team"]) == (None, None)
    desk.call("order", "hand-over", desk.number, code=2)
    desk.call("order", "hand-over", desk.number, "--nobody", "--to", "li", code=2)
    desk.call("order", "hand-over", desk.number, "--to", "zhao", code=7)


def test_questions_are_decided_by_somebody_else_with_the_role(desk: Site) -> None:
    """Exit 6 for the wrong role and one's own question, 5 when it is decided; the step that is agreed to is taken."""
    desk.call("order", "move", desk.number, "dispatch")
    (free,) = desk.json("order", "approval", "rule", desk.number, "reopen")
    assert free == {"rule": None}
    (met,) = desk.json("order", "approval", "rule", desk.number, "goodwill", "--amount-minor", "5000")
    assert "supervisor" in met["rule"]["roles"]
    assert "supervisor" in desk.call("order", "approval", "rule", desk.number, "goodwill", "--amount-minor", "1").stdout
    assert "subject" in desk.call("order", "approval", "rule", desk.number, "fly", code=3).stderr
    (own,) = desk.json("order", "approval", "ask", desk.number, "goodwill", "--reason", "late", "--amount-minor", "5000",
                       "--by", "chen")  # fmt: skip
    desk.call("order", "approval", "decide", own["approval_id"], "approve", "--by", "chen", code=6)
    (asked,) = desk.json("order", "approval", "ask", desk.number, "cancel", "--reason", "bought twice")
    decide = ("order", "approval", "decide", asked["approval_id"])
    desk.call(*decide, "approve", code=2)
    desk.call(*decide, "approve", "--by", "li", code=6)
    pending = desk.json("order", "approval", "list", desk.number, "--decision", "pending")
    assert [one["subject"] for one in pending] == ["goodwill", "cancel"]


def test_a_refusal_and_an_agreement(desk: Site) -> None:
    """A refused question leaves the order; an agreed one moves it, and is not decided twice."""
    desk.call("order", "move", desk.number, "dispatch")
    ask = ("order", "approval", "ask", desk.number, "cancel", "--reason", "bought twice")
    (first,) = desk.json(*ask)
    (refused,) = desk.json(
        "order", "approval", "decide", first["approval_id"], "refuse", "--by", "chen", "--comment", "no"
    )
    assert (refused["decision"], refused["comment"]) == ("refused", "no")
    (second,) = desk.json(*ask)
    desk.call("order", "approval", "decide", second["approval_id"], "approve", "--by", "chen")
    desk.call("order", "approval", "decide", second["approval_id"], "refuse", "--by", "chen", code=5)
    assert desk.number in desk.call("order", "list", "--status", "cancelled").stdout
    assert [one["decision"] for one in desk.json("order", "approval", "list")] == ["refused", "approved"]


def test_a_supervisor_cancels_after_dispatch(desk: Site) -> None:
    """--by brings the user's roles to a step that needs one."""
    desk.call("order", "move", desk.number, "dispatch")
    move = ("order", "move", desk.number, "cancel", "--reason", "bought twice", "--by")
    desk.call(*move, "li", code=5)
    assert desk.json(*move, "chen")[0]["status"] == "cancelled"


def test_parts_belong_to_a_whole(desk: Site) -> None:
    """Attached, listed, taken out; no circle."""
    other = desk.read(created)
    desk.call("order", "part", "attach", other, desk.number)
    assert [one["number"] for one in desk.json("order", "part", "list", desk.number)] == [other]
    desk.call("order", "part", "attach", desk.number, other, code=5)
    assert other in desk.call("order", "part", "detach", other).stdout
    assert desk.json("order", "part", "list", desk.number) == []
    desk.call("order", "part", "attach", other, "WO1", code=7)


def test_priority_progress_and_replies(desk: Site) -> None:
    """A level that is none names those there are; the customer's view has no names of staff."""
    (urgent,) = desk.json("order", "priority", desk.number, "critical", "--reason", "VIP", "--by", "li")
    assert urgent["priority"] == "critical"
    assert "normal" in desk.call("order", "priority", desk.number, "huge", code=3).stderr
    (seen,) = desk.json("order", "progress", desk.number)
    assert [one["status"] for one in seen["milestones"]] == ["created"]
    assert desk.number in desk.call("order", "progress", desk.number).stdout
    answers = desk.json("order", "replies", desk.number)
    assert any(desk.number in one["text"] for one in answers)
    desk.call("order", "progress", "WO1", code=7)


def test_files_go_in_and_come_out(desk: Site) -> None:
    """The same bytes come back for their reader alone, an audit line says so; nothing is overwritten unasked."""
    Path("photo.png").write_bytes(PNG)
    (kept,) = desk.json("order", "file", "add", desk.number, "photo.png", "--name", "leak.png", "--by", "li")
    assert (kept["filename"], kept["media_type"], kept["by"]) == ("leak.png", "image/png", desk.user_ids["li"])
    desk.call("order", "file", "add", desk.number, "photo.png", "--name", "leak.png")
    assert [one["attachment_id"] for one in desk.json("order", "file", "list", desk.number)] == [kept["attachment_id"]]
    get = ("order", "file", "get", kept["attachment_id"])
    desk.call(*get, "out.png")
    assert (Path("out.png").read_bytes(), Path("out.png").stat().st_mode & 0o777) == (PNG, 0o600)
    (line,) = desk.read(lambda session: audit.lines(session, subject=kept["attachment_id"]))
    assert (line.action, line.by) == ("file.read", "cli:root")
    desk.call(*get, "out.png", code=5)
    desk.call(*get, "out.png", "--force")
    desk.call(*get, "missing/out.png", code=3)
    assert list(Path.cwd().glob("*.part")) == []
    desk.call("order", "file", "remove", kept["attachment_id"])
    assert desk.json("order", "file", "list", desk.number) == []
    desk.call(*get, "gone.png", code=7)
    assert not Path("gone.png").exists()


def test_files_that_are_not_kept(desk: Site) -> None:
    """A program and a file over the limit exit 3, an unknown order 7; nothing stays behind."""
    Path("program").write_bytes(b"\x7fELF" + b"\x00" * 64)
    Path("config.yaml").write_text("attachments:\n  max_mb: 1\n", encoding="utf-8")
    Path("long.txt").write_text("x" * 1_000_001)
    desk.call("order", "file", "add", desk.number, "program", code=3)
    desk.call("order", "file", "add", desk.number, "long.txt", code=3)
    desk.call("order", "file", "add", "WO1", "config.yaml", code=7)
    assert [path for path in (desk.folder / "attachments").rglob("*") if path.is_file()] == []


def test_the_whole_trail(desk: Site) -> None:
    """Every change with who and why, or those of one field."""
    desk.call("order", "priority", desk.number, "high", "--reason", "VIP", "--by", "li")
    lines = desk.json("order", "trail", desk.number)
    assert {"status", "priority"} <= {one["field"] for one in lines}
    (change,) = desk.json("order", "trail", desk.number, "--field", "priority")
    assert (change["after"], change["by"], change["reason"]) == ("high", desk.user_ids["li"], "VIP")
    assert "priority: normal -> high  VIP" in desk.call("order", "trail", desk.number).stdout
    desk.call("order", "trail", "WO1", code=7)


def test_the_search_box(desk: Site) -> None:
    """Customers and orders by number, pinyin and order number."""
    assert [one["kind"] for one in desk.json("search", "13800138000")] == ["customer", "order"]
    (who,) = desk.json("search", "wf")
    assert (who["customer_id"], who["why"]) == (desk.customer_id, "pinyin")
    (order,) = desk.json("search", desk.number)
    assert (order["kind"], order["number"]) == ("order", desk.number)
    assert "王芳" in desk.call("search", "王芳").stdout
    assert desk.json("search", "nothing like it") == []


def test_visits_are_put_on_record(desk: Site) -> None:
    """Parts with and without a quantity; the quantity that is none and the empty finding exit 3."""
    said = ("--finding", "电容失效", "--action", "更换")
    desk.call("order", "repair", "add", desk.number, *said, "--part", "电容=2", "--part", "保险丝", "--minutes", "45")
    (kept,) = desk.json("order", "repair", "list", desk.number)
    assert [(part["name"], part["quantity"]) for part in kept["parts"]] == [("电容", 2), ("保险丝", 1)]
    assert (kept["finding"], kept["minutes"], kept["by"]) == ("电容失效", 45, "cli:root")
    assert "电容 x2" in desk.call("order", "repair", "list", desk.number).stdout
    assert "--part" in desk.call("order", "repair", "add", desk.number, *said, "--part", "电容=x", code=3).stderr
    instead = ("--finding", "主板损坏", "--action", "更换主板", "--corrects", kept["repair_id"])
    desk.call("order", "repair", "add", desk.number, *instead)
    assert "(corrected)" in desk.call("order", "repair", "list", desk.number).stdout
    (holds,) = desk.json("order", "repair", "past")
    assert (holds["number"], holds["repair"]["corrects"]) == (desk.number, kept["repair_id"])
    assert desk.call("order", "repair", "past", "--customer", "nobody").stdout == ""
    desk.call("order", "repair", "add", desk.number, *instead, code=5)
    assert (
        "finding" in desk.call("order", "repair", "add", desk.number, "--finding", "", "--action", "x", code=3).stderr
    )
