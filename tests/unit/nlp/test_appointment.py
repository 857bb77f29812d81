"""When the technician shall come (the call is on Wednesday 2026-11-18 at noon)."""

from __future__ import annotations

import pytest

from tests.unit.nlp.calls import fields

HELLO = ("a 您好，请讲。", "c 我家空调不制冷，派个师傅来修。")
ASK = "a 您看什么时间方便上门？"
ANSWERS = """
明天上午|11-19T08|11-19T12
明早八点到十点|11-19T08|11-19T10
后天下午吧|11-20T13|11-20T18
后天下午三点以后|11-20T15|11-20T18
大后天晚上|11-21T18|11-21T21
明天晚上七点以后|11-19T19|11-19T21
今天下午三点前能来吗|11-18T12|11-18T15
这周六上午|11-21T08|11-21T12
周日下午两点到四点|11-22T14|11-22T16
下周一上午|11-23T08|11-23T12
下周三全天都行|11-25T08|11-25T18
下个礼拜五晚上六点半以后|11-27T18:30|11-27T21
周末吧，周六周日都行|11-21T08|11-22T18
这个周末|11-21T08|11-22T18
二十号上午|11-20T08|11-20T12
十一月二十五号下午一点到三点|11-25T13|11-25T15
下个月二号上午|12-02T08|12-02T12
十二月一号中午|12-01T11|12-01T14
明天后天都行|11-19T08|11-20T18
明天中午十二点到一点|11-19T12|11-19T13
明天下午两点|11-19T14|11-19T15
后天白天都可以|11-20T08|11-20T18
星期五早上九点|11-20T09|11-20T10
明天傍晚|11-19T17|11-19T18
后天上午十点以前|11-20T08|11-20T10
明天不行，我要上班，后天下午吧|11-20T13|11-20T18
除了周四都行，要不周五上午|11-20T08|11-20T12
三号以后吧，三号之前我不在家|12-03T08|
明天九点半到十一点半|11-19T09:30|11-19T11:30
"""


def iso(short: str, year: str = "2026") -> str | None:
    if not short:
        return None
    day, _, hour = short.partition("T")
    return f"{year}-{day}T{hour if ':' in hour else hour + ':00'}:00+08:00"


@pytest.mark.parametrize("case", ANSWERS.strip().splitlines())
def test_answer_to_when(case: str) -> None:
    """An answer to "when" becomes a slot by the desk's conventions."""
    words, start, end = case.split("|")
    assert fields(*HELLO, ASK, f"c {words}。").get("appointment") == {"start": iso(start), "end": iso(end)}


TALKS = [
    (("a 明天上午可以吗？", "c 可以。"), "11-19T08", "11-19T12"),
    (("a 明天上午可以吗？", "c 上午不行，下午吧。"), "11-19T13", "11-19T18"),
    (
        ("a 最快周五上午，行吗？", "c 周五我不在，周六吧。", "a 那周六上午九点到十一点。", "c 好。"),
        "11-21T09",
        "11-21T11",
    ),
    (("a 后天下午两点到四点师傅过去，您看可以吗？", "c 行，没问题。"), "11-20T14", "11-20T16"),
    ((ASK, "c 明天下午。", "a 好的，明天下午两点到五点之间，师傅提前联系您。"), "11-19T14", "11-19T17"),
    ((ASK, "c 周六吧。", "a 周六上午还是下午？", "c 上午。"), "11-21T08", "11-21T12"),
    ((ASK, "c 周六。", "a 上午下午？", "c 下午三点左右。"), "11-21T15", "11-21T16"),
    (("a 今天明天都约满了，后天上午可以吗？", "c 可以的。"), "11-20T08", "11-20T12"),
    (("a 这周五十一月二十号，上午九点到十二点，可以吗？", "c 周五是二十号对吧，可以。"), "11-20T09", "11-20T12"),
    (("a 明天师傅休息，最早二十号。", "c 二十号也行，下午三点吧。"), "11-20T15", "11-20T16"),
]


@pytest.mark.parametrize(("lines", "start", "end"), TALKS)
def test_talk_about_when(lines: tuple[str, ...], start: str, end: str) -> None:
    """Offers, refusals and agreements end in the slot that was agreed last."""
    assert fields(*HELLO, *lines).get("appointment") == {"start": iso(start), "end": iso(end)}


MORE = [
    (("a 什么时候方便？", "c 我周一到周五上班，周六下午吧。"), "11-21T13:00", "11-21T18:00"),
    (("a 什么时候方便？", "c 都行，你们定。", "a 那明天上午给您安排。"), "11-19T08:00", "11-19T12:00"),
    (
        ("a 什么时候方便？", "c 今天能来吗？", "a 今天满了，明天上午九点到十一点行吗？", "c 行吧。"),
        "11-19T09:00",
        "11-19T11:00",
    ),
    (
        ("a 什么时候方便？", "c 最好是晚上，我六点下班。", "a 明天晚上七点到八点？", "c 好。"),
        "11-19T19:00",
        "11-19T20:00",
    ),
    (("a 后天上午九点，可以吗？", "c 九点太早了，十点半吧。", "a 好，后天上午十点半。"), "11-20T10:30", "11-20T11:30"),
    (("a 什么时候方便？", "c 二十一号下午，两点到五点之间都行。"), "11-21T14:00", "11-21T17:00"),
    (("a 什么时候方便？", "c 月底前都行。"), "11-18T12:00", "11-30T18:00"),
    (("a 什么时候方便？", "c 下周二或者下周三都可以，上午。"), "11-24T08:00", "11-25T12:00"),
    (
        ("a 给您约在二十号周五上午好吗？", "c 不好意思，周五不行，周日上午可以吗？", "a 可以的。"),
        "11-22T08:00",
        "11-22T12:00",
    ),
    (("a 师傅今天下午就能过去，三点左右，您在家吗？", "c 在家的。"), "11-18T15:00", "11-18T16:00"),
    (("a 什么时间？", "c 明天一早吧，越早越好。"), "11-19T08:00", "11-19T12:00"),
    (("a 什么时间？", "c 明天吃完午饭，一点钟左右。"), "11-19T13:00", "11-19T14:00"),
    (("a 约什么时间呢？", "c 后天，后天是二十号对吧，上午。"), "11-20T08:00", "11-20T12:00"),
    (("a 约什么时间呢？", "c 星期天全天在家。"), "11-22T08:00", "11-22T18:00"),
    (("a 约什么时间呢？", "c 今晚八点以前能到吗？"), "11-18T12:00", "11-18T20:00"),
    (("a 明天下午行不行？", "c 明天下午不行，我要开会，早上可以。"), "11-19T08:00", "11-19T12:00"),
    (("a 下个月三号，周四，上午可以吗？", "c 可以。"), "12-03T08:00", "12-03T12:00"),
]


@pytest.mark.parametrize(("lines", "start", "end"), MORE)
def test_more_talk_about_when(lines: tuple[str, ...], start: str, end: str) -> None:
    """Remarks about one's own time, second thoughts and several days are told apart from the slot itself."""
    slot = fields(*HELLO, *lines)["appointment"]
    assert (slot["start"][5:16], slot["end"][5:16]) == (start, end)


@pytest.mark.parametrize(
    "lines",
    [
        ("a 主管明天上午给您回电。", "c 好的。"),
        ("a 二十四小时内给您回复。", "c 行。"),
        (ASK, "c 让师傅先打电话，时间再约。"),
        ("a 明天上午可以吗？", "c 先不约了，等我出差回来再联系你们。"),
        ("a 什么时候买的？", "c 前天买的。"),
        ("c 昨天下午开始坏的。",),
        ("a 配件后天到货，到货了联系您。", "c 好的。"),
    ],
)
def test_what_is_no_appointment(lines: tuple[str, ...]) -> None:
    """Call-backs, past days and open ends are no appointment."""
    assert "appointment" not in fields(*HELLO, *lines)


def test_year_ends() -> None:
    """On New Year's Eve the second is the second of January."""
    heard = fields(*HELLO, "a 明天元旦休息，最早二号。", "c 那就二号下午。", at="2026-12-31T22:00:00+08:00")
    assert heard["appointment"] == {"start": iso("01-02T13", "2027"), "end": iso("01-02T18", "2027")}
