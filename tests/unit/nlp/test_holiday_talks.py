"""Holidays in talk: appointments around them, and what began or was bought then."""

from __future__ import annotations

import pytest

from tests.unit.nlp.calls import fields

HELLO = ("a 您好，请讲。", "c 我家空调不制冷，派个师傅来修。")
ASK = "a 您看什么时间方便上门？"
SPRING, AUTUMN, WINTER = "2026-02-09T10:00:00+08:00", "2026-09-22T10:00:00+08:00", "2026-12-28T10:00:00+08:00"

TALKS = [
    (SPRING, (ASK, "c 年初八上午吧。"), "2026-02-24T08", "2026-02-24T12"),
    (SPRING, ("a 春节前师傅排满了，正月初七可以吗？", "c 初七不行，初九下午。"), "2026-02-25T13", "2026-02-25T18"),
    (SPRING, (ASK, "c 腊月二十六之前都行。"), "2026-02-09T10", "2026-02-13T18"),
    (SPRING, (ASK, "c 过完年再来，初十以后都在家。"), "2026-02-26T08", None),
    (SPRING, ("a 小年那天上午可以吗？", "c 可以。"), "2026-02-10T08", "2026-02-10T12"),
    (SPRING, (ASK, "c 二月十四号调休上班那天下午。"), "2026-02-14T13", "2026-02-14T18"),
    (AUTUMN, ("a 国庆期间师傅值班，您哪天在家？", "c 国庆第三天上午。"), "2026-10-03T08", "2026-10-03T12"),
    (AUTUMN, (ASK, "c 放假前一天吧，下午两点以后。"), "2026-09-24T14", "2026-09-24T18"),
    (AUTUMN, ("a 国庆假期最后一天行吗？", "c 行，上午九点到十一点。"), "2026-10-07T09", "2026-10-07T11"),
    (AUTUMN, (ASK, "c 国庆后第一天上班我请假，就那天上午。"), "2026-10-08T08", "2026-10-08T12"),
    (AUTUMN, (ASK, "c 中秋第二天上午。"), "2026-09-26T08", "2026-09-26T12"),
    (AUTUMN, (ASK, "c 调休那个周六我在家，下午三点。"), "2026-10-10T15", "2026-10-10T16"),
    (AUTUMN, ("a 中秋节您方便吗？", "c 中秋不在家，国庆吧，国庆二号下午。"), "2026-10-02T13", "2026-10-02T18"),
    (WINTER, ("a 元旦前一天上午可以吗？", "c 可以的。"), "2026-12-31T08", "2026-12-31T12"),
    (WINTER, (ASK, "c 元旦三天都在外地，节后吧，一月四号上午。"), "2027-01-04T08", "2027-01-04T12"),
    (WINTER, (ASK, "c 元旦第二天，晚上七点以后。"), "2027-01-02T19", "2027-01-02T21"),
    (WINTER, ("a 一月二号，周六，可以吗？", "c 周六可以，上午。"), "2027-01-02T08", "2027-01-02T12"),
]


@pytest.mark.parametrize(("at", "lines", "start", "end"), TALKS)
def test_appointments_around_holidays(at: str, lines: tuple[str, ...], start: str, end: str | None) -> None:
    """Holidays, lunar days and days worked in return become the days that they are, and go through the talk like others."""
    wanted = {"start": f"{start}:00:00+08:00", "end": end and f"{end}:00:00+08:00"}
    assert fields(*HELLO, *lines, at=at).get("appointment") == wanted


ONSETS = [
    ("2026-02-26T10:00:00+08:00", "c 冰箱大年初二开始不制冷的。", "2026-02-18"),
    ("2026-02-26T10:00:00+08:00", "c 除夕晚上冰箱突然就不制冷了。", "2026-02-16"),
    ("2026-10-09T10:00:00+08:00", "c 中秋那天洗衣机开始不排水。", "2026-09-25"),
    ("2026-01-05T10:00:00+08:00", "c 元旦那天冰箱就不制冷了。", "2026-01-01"),
    ("2026-11-18T10:00:00+08:00", "c 冰箱不制冷，昨晚的事。", "2026-11-17"),
    ("2026-11-18T10:00:00+08:00", "c 刚才冰箱突然就不制冷了。", "2026-11-18"),
    ("2026-11-18T10:00:00+08:00", "c 昨天换了插座以后就不制冷了，我说冰箱。", "2026-11-17"),
    ("2026-11-18T10:00:00+08:00", "c 冰箱不制冷，上个月底发现的。", "2026-10"),
    ("2026-11-18T10:00:00+08:00", "c 冰箱不制冷，最近三四天的事。", "三四天前"),
]


@pytest.mark.parametrize(("at", "line", "onset"), ONSETS)
def test_onset_on_holidays_and_by_other_words(at: str, line: str, onset: str) -> None:
    """What began is dated by the last such day; what cannot be dated keeps its words."""
    assert fields("a 您好，请讲。", line, at=at).get("onset") == onset


def test_the_question_frames_a_short_answer() -> None:
    """今天中午 says when it broke, because that was asked."""
    talk = ("a 您好，请讲。", "c 燃气灶玻璃面板炸了。", "a 什么时候炸的？", "c 今儿中午。")
    assert fields(*talk).get("onset") == "2026-11-18"


PURCHASES = [
    ("c 去年国庆买的。", "2025-10-01"),
    ("c 今年端午买的。", "2026-06-19"),
    ("c 四月份买的。", "2026-04"),
    ("c 十二月份买的。", "2025-12"),
    ("c 上个月刚装的。", "2026-10"),
    ("c 一九年装修时候买的，五月份。", "2019-05"),
    ("c 中秋节买的。", "2026-09-25"),
]


@pytest.mark.parametrize(("line", "day"), PURCHASES)
def test_purchase_by_festival_and_month(line: str, day: str) -> None:
    """Festivals of the lunar calendar and bare months date a purchase: the last time it was that day or month."""
    assert fields("a 您好，请讲。", "c 空调不制冷。", "a 什么时候买的？", line).get("purchase_date") == day
