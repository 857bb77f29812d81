"""Dates told by solar terms and in pieces, claims given up, moods and urgency, codes with a dash."""

from __future__ import annotations

import pytest

from nlp.holidays import FESTIVALS
from tests.unit.nlp.calls import fields

HELLO = "a 您好，海尔售后，请讲。"
FAULT = "c 我家海尔冰箱不制冷了。"
BOUGHT = "a 什么时候买的？"
SINCE = "a 什么时候开始的？"


@pytest.mark.parametrize(
    ("term", "day"),
    [
        ("立春", "2024-02-04"),
        ("立春", "2025-02-03"),
        ("春分", "2026-03-20"),
        ("清明", "2026-04-05"),
        ("夏至", "2026-06-21"),
        ("立秋", "2025-08-07"),
        ("霜降", "2026-10-23"),
        ("冬至", "2025-12-21"),
        ("冬至", "2026-12-22"),
    ],
)
def test_solar_terms_fall_on_their_days(term: str, day: str) -> None:
    """The days are those of the published calendars, leap years too."""
    found = FESTIVALS[term].day(int(day[:4]))
    assert found is not None
    assert found.isoformat() == day


@pytest.mark.parametrize(
    ("words", "since"),
    [
        ("立冬那天开始的。", "2026-11-07"),
        ("霜降以后就这样了。", "霜降以后"),
        ("昨天下午的事。", "2026-11-17"),
        ("也就二十分钟前。", "2026-11-18"),
        ("入秋没多久吧，九月初。", "2026-09"),
    ],
)
def test_trouble_begins_by_the_farmers_calendar(words: str, since: str) -> None:
    """Solar terms, parts of days and minutes ago say since when; a month outweighs a season."""
    assert fields(HELLO, FAULT, SINCE, f"c {words}")["onset"] == since


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("二四年，二四年的七月份。", "2024-07"),
        ("前年立夏那天买的。", "2024-05-05"),
        ("去年开学前，八月份买的。", "2025-08"),
        ("二幺年买的。", "2021"),
        ("去年国庆前，九月底。", "2025-09"),
        ("二三年四月装的，滤芯换过一次。", "2023-04"),
        ("买的时候是一八年，修过两回。", "2018"),
    ],
)
def test_a_purchase_date_said_in_pieces_is_put_together(words: str, day: str) -> None:
    """The finer part completes the year; what was done to it later is no part of the date."""
    assert fields(HELLO, FAULT, BOUGHT, f"c {words}")["purchase_date"] == day


def test_the_warranty_card_tells_the_date() -> None:
    """A date read from the warranty card is when it was bought."""
    assert fields(HELLO, FAULT, "c 保修卡上是二零二五年三月九号。")["purchase_date"] == "2025-03-09"


@pytest.mark.parametrize("words", ["知道，早就过了。", "嗯，我晓得的。", "过了就过了吧。"])
def test_who_gives_in_to_the_agent_claims_no_warranty(words: str) -> None:
    """What the agent says of the warranty and the caller accepts is the caller's last position."""
    assert fields(HELLO, FAULT, "a 您这台已经过保了。", f"c {words}")["in_warranty_claim"] is False


def test_not_yet_out_of_warranty_is_in_warranty() -> None:
    """还没出保 says the opposite of 出保."""
    assert fields(HELLO, FAULT, "c 还没出保呢，凭什么收费。")["in_warranty_claim"] is True


@pytest.mark.parametrize(
    "words", ["今天还能派人来吗？", "最好今天就能修。", "今晚就想用，孩子要喝奶。", "快点处理一下。"]
)
def test_asking_for_today_presses(words: str) -> None:
    """Who wants it today or handled at once presses for speed."""
    assert fields(HELLO, FAULT, f"c {words}")["urgency"] == "high"


@pytest.mark.parametrize("words", ["收两百，你们抢钱啊。", "电话打了五六遍了都没用。", "你们的客服是摆设吗？"])
def test_scorn_is_dissatisfaction(words: str) -> None:
    """Scorn about price, phone or service counts."""
    assert fields(HELLO, FAULT, f"c {words}")["sentiment_complaint"] is True


def test_claims_against_the_caller_are_no_complaint() -> None:
    """The neighbour who wants damages from the caller is not dissatisfied with the maker."""
    assert "sentiment_complaint" not in fields(HELLO, FAULT, "c 再漏下去楼下要找我赔了。")


def test_a_tingle_at_the_touch_is_a_shock() -> None:
    """摸着门把手就发麻 is an electric shock; 麻烦 is none."""
    assert fields(HELLO, "c 冰箱我一碰门把手，就发麻。")["safety"] == "electric_shock"
    assert "safety" not in fields(HELLO, "c 冰箱门一碰就掉，麻烦来看下。")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("屏上显示 U 三，短横，零二。", "U302"),
        ("面板上闪 C L。", "CL"),
        ("显示 E 七，然后就停了。", "E7"),
    ],
)
def test_codes_with_a_dash_or_without_a_digit(words: str, code: str) -> None:
    """A sub-code behind a dash belongs to the code; two letters on the display are one."""
    assert fields(HELLO, FAULT, f"c {words}")["error_code"] == code


def test_a_code_repeated_is_no_model() -> None:
    """What was shown as a fault code stays one when it is read back without its dash."""
    found = fields(HELLO, FAULT, "c 屏上显示 U 三，短横，零二。", "a U 三杠零二是吗？", "c 对，U 三零二。")
    assert (found["error_code"], found.get("model")) == ("U302", None)


def test_letters_that_are_not_shown_are_no_code() -> None:
    """A make of two letters is no fault code."""
    assert "error_code" not in fields("a 您好，请讲。", "c 我家 L G 冰箱不制冷，屏幕不亮。")


def test_a_make_inside_the_name_of_an_estate_is_none() -> None:
    """天鹅雅苑 is where the caller lives and no 小天鹅."""
    found = fields(
        "a 您好，美的。", "c 美的空调不制冷。", "a 地址？", "c 合肥市蜀山区长江西路十八号，天鹅佳苑六幢二零三。"
    )
    assert found["brand"] == "美的"


@pytest.mark.parametrize(
    ("words", "day"), [("年初装的，二月份。", "2026-02"), ("八月十几号买的，好好的就坏。", "2026-08")]
)
def test_a_month_without_a_year_is_the_last_one(words: str, day: str) -> None:
    """A month said after the purchase, or with a vague day, is the last time it was that month."""
    assert fields(HELLO, FAULT, f"c {words}")["purchase_date"] == day


def test_how_long_the_warranty_runs_can_settle_it() -> None:
    """Who is told the years of the warranty and says 那就是过了 claims none."""
    assert fields(HELLO, FAULT, "a 冰箱整机是三年。", "c 哦，那就是过了。")["in_warranty_claim"] is False


def test_a_season_that_tells_a_year_is_no_wish_for_maintenance() -> None:
    """去年供暖前装的 tells when it was installed."""
    assert (
        fields("a 您好，威能。", "c 壁挂炉打不着火。", BOUGHT, "c 去年供暖前，十月份装的。")["service_type"] == "repair"
    )
