"""Calls that lead to no order stay empty, and those that only look like one of them do not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nlp.dialogue import Turn
from nlp.extract import extract
from nlp.gold import read_dialogue
from nlp.logistic import BIAS
from nlp.purpose import Purpose, purpose
from nlp.rules import misdirected
from nlp.types import Extraction, KnownCustomer, Segment
from tests.unit.nlp.calls import call, ended, extractor, fields

CORPUS = Path(__file__).parents[2] / "fixtures" / "corpus"
HELLO = "a 您好，海信电视售后，请讲。"

MEANT_FOR_OTHERS = [
    ("c 我约个修车，刹车响。", "a 您的地址和电话？", "c 杭州市西湖区文三路八号，幺三八零零零零幺幺幺幺。", "a 我们是海信电器，不修车的。", "c 那算了。"),
    ("c 蛋糕改到明天下午三点取，我姓王。", "a 您的电话？", "c 幺三八零零零零幺幺幺幺。", "a 您拨的不是蛋糕店。", "c 啊？"),
    ("c 师傅你到哪了？我在金水区文化路八十号。", "a 您打错了，我们不是网约车。", "c 完了完了。"),
    ("c 我家网断了，昨晚断的。", "a 是电视连不上网吗？", "c 我家没电视，宽带断了。", "a 我们是海信电视售后，宽带不归我们管。", "c 知道了。"),
    ("c 你们招装空调的师傅不？我装空调六年了。", "a 招聘不归我们管。", "c 行吧。"),
    ("c 暖气片不热，孩子冻得直哭。", "a 家里是壁挂炉吗？", "c 集中供热，供热公司不是你们啊？", "a 您打错了。", "c 哦。"),
    ("c 你们的鱼缸过滤响得很。", "a 是净水器吗？", "c 鱼缸啊，你们不是水族店？", "a 不是，我们是海信，做家电的。", "c 怪不得。"),
    ("c 下周日搬家，两台空调不搬。", "a 是移机吗？您贵姓？", "c 姓段。", "a 我们是海信空调的客服。", "c 我以为是搬家公司，我重新打。"),
    ("c 停电了，几点来电？", "a 停电要打供电局，我们是海信电器，不管供电。", "c 那我按的重拨，昨天打的电视。"),
    ("c 换罐煤气。", "a 我们不送煤气，您打的是海信的售后。", "c 哦，这是电视上贴的号。"),
    ("c 你这房子还租吗？带空调冰箱的。", "a 这里是海信客服，不出租房子。", "c 我没按分机？", "a 您再核对一下。"),
    ("c 水压太小，净水器滴答滴答的。", "a 是净水器出水小吗？", "c 整栋楼都小，你们不是自来水公司？", "a 不是，这是家电的厂家。", "c 哦。"),
    ("c 支书，水管爆了，漏水了！", "a 您打错了。", "c 这号哪来的……是送电视下乡那张纸。"),
    ("c 留间大床房，我姓佘。", "a 我们是海信空调的客服，订不了房间。", "c 噢，这是空调遥控器底座上的号码。"),
    ("c 蛋糕做好没有？", "a 您拨的这个号码是电视客服。", "c 啊？小票上写的。", "a 您再看一看。"),
    ("c 收旧家电不？旧电视旧洗衣机都有。", "a 我们不回收。", "c 你们天天喊喇叭。", "a 那不是我们公司的。", "c 少看了一个零。"),
    ("c 送两桶水，老地方。", "a 我们是海信净水器的客服，不送桶装水。", "c 净水器？不是小丁的水站？"),
    ("c 我干安装八年了，你们招不招工？我叫尤大勇，幺八二零零零零零零零零。", "a 招聘不在我们这边。", "c 行。"),
    ("c 咿呀……啊啊……", "a 您好，是要咨询电视吗？", "c 哒哒……", "a 应该是宝宝拿着电话，我先挂了。"),
    ("c 搬家，有冰箱有床，一车多少钱？", "a 我们是海信电器的客服，不提供搬家。", "c 行吧，我再搜。"),
    ("c 没打，我擦电话机呢。", "a 没有事是吧？", "c 没事。"),
    ("c ……来来来，吃菜。", "a 您好？", "c 电视关小点声！", "a 您好，没有人应答，先挂机了。"),
    ("c 冰箱里还有饺子，带一碗回去。", "a 喂，您好，听得到吗？", "c 慢走啊。", "a 您好，没有应答，再见。"),
    ("c 电梯关人了，快来人！", "a 电梯不是我们负责，请打幺幺九。", "c 搞半天你们不管的啊？", "a 抱歉，不是一家单位。"),
    ("c 桂兰啊，礼拜六来不来吃饭？", "a 这里是海信客服，您找哪位？", "c 你不是桂兰？", "a 您打错了。", "c 对不住。"),
]  # fmt: skip


def understood(record: dict[str, object]) -> Extraction:
    """What is left of a call of the corpus when it is over."""
    _, context, segments = read_dialogue(record)
    return extract(segments, context, extractor())


@pytest.mark.parametrize("lines", MEANT_FOR_OTHERS)
def test_a_call_sent_elsewhere_is_no_order(lines: tuple[str, ...]) -> None:
    """What was told to a wrong number before it came out is no order, however much it was."""
    assert fields(HELLO, *lines) == {}


GONE_ON_WITH = [
    ("c 喂，海信吗？", "a 您好，这里是海信售后，请问什么问题？", "c 电视黑屏。"),
    ("c 电视黑屏。", "a 您是不是打错了？", "c 没打错啊，海信的电视。", "a 好的，给您报修。"),
    ("c 电视黑屏，支架也要换。", "a 支架我们这边不负责，机器给您安排师傅。", "c 行。"),
    ("c 电视刚买的，要价保。", "a 我们是售后，价保这边没有权限。", "c 那电视黑屏你管不管？"),
    ("c 我先打的美的，打错了，说是海信的。", "a 是的，请问什么产品？", "c 电视，黑屏。"),
    ("c 电视的遥控器坏了给免费换吗？", "a 遥控器不在保修范围里。", "c 那我自己去买。"),
    (
        "c 这是海信吗？",
        "a 是的，这里是海信电视官方服务中心。",
        "c 我去年买的电视，保修几年？",
        "a 整机一年。",
        "c 行，再见。",
    ),
    ("c 电视黑屏，文三路八号。", "a 后天上午师傅上门。", "c 是周四吧？", "a 不好意思，我看错了，是周五。", "c 好的。"),
    ("c 我找物业。", "a 您打错了，这里是海信电视售后。", "c 那正好，我家电视黑屏，顺便报个修。"),
]


@pytest.mark.parametrize("lines", GONE_ON_WITH)
def test_a_customer_to_whom_something_is_refused_stays_one(lines: tuple[str, ...]) -> None:
    """Who they are and what they do not do is told to customers too: their television is an order all the same."""
    assert fields(HELLO, *lines).get("appliance") == "电视"


def test_an_address_counts_until_the_call_is_over() -> None:
    """A call that begins with its address shows it at once; when no appliance came up to its end, there is no order."""
    lines = ("a 您好，请讲。", "c 我在杭州市西湖区文三路八号，电话幺三八零零零零幺幺幺幺。")
    assert {slot.name for slot in call(*lines).slots} >= {"address", "contact_phone"}
    assert ended(*lines).slots == ()
    assert ended(*lines, "c 冰箱不制冷了。") == call(*lines, "c 冰箱不制冷了。")


def test_an_order_whose_appliance_was_misheard_stays_one() -> None:
    """What is told of an appliance, or a service asked for outright, keeps the order where its name was not understood."""
    assert ended(HELLO, "a 型号多少？", "c K F R 三五 G W，在杭州市西湖区文三路八号。").slots
    assert ended(HELLO, "c 派个师傅来修一下，杭州市西湖区文三路八号。").slots


def test_a_report_is_not_lost_by_a_sum_of_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words that sound like a call about nothing do not outweigh a trouble of the caller's own appliance, or its model,
    whose place is known: from the call or from the customer's card."""
    monkeypatch.setattr(misdirected, "purpose", lambda: Purpose({BIAS: 20.0}))
    trouble, model, place = "c 电视黑屏。", "c 型号是 K F R 三五 G W。", "c 文三路八号，杭州西湖区。"
    assert ended(HELLO, trouble).slots == ()
    assert ended(HELLO, trouble, place).slots
    assert ended(HELLO, model, place).slots
    assert ended(HELLO, trouble, customer=KnownCustomer(names=("王丽",))).slots


def test_the_words_of_both_sides_tell_what_a_call_is_about() -> None:
    """A story for somebody else is told from a question to this service, though both name the appliance."""
    story = (
        "a 您好，美的售后。",
        "c 我找下王姐，她说今天来打扫，空调底下也擦一擦。",
        "a 您找哪位？",
        "c 保洁王姐呀，不是你吗？",
        "a 您可能打错了。",
        "c 哦哦，不好意思啊。",
    )
    asked = (
        "a 您好，美的售后。",
        "c 我想问下，空调滤网自己能洗吗？",
        "a 可以的，取下来用清水冲就行。",
        "c 行，谢谢。",
        "a 不客气，再见。",
    )
    assert probability(*story) > 0.9 > 0.5 > probability(*asked)


def test_hearing_both_sides_again_changes_nothing() -> None:
    """What a call is about does not depend on the order of its turns, on digits, or on punctuation."""
    turns = ("a 您好，请讲。", "c 你好，我订了三份外卖，尾号1234。", "a 您打错了。")
    assert probability(*turns) == probability(*reversed(turns))
    assert probability(*turns) == probability("a 您好请讲", "c 你好我订了三份外卖尾号987", "a 您打错了")


def probability(*lines: str) -> float:
    """How likely these turns are about nothing, by the shipped weights."""
    said = (Segment(str(i), "agent" if line.startswith("a ") else "caller", line[2:]) for i, line in enumerate(lines))
    return purpose().nothing(Turn.of(i, segment) for i, segment in enumerate(said))


@pytest.mark.parametrize(
    "name",
    [
        "empty_q",
        "empty_r",
        "empty_s",
        "empty_t",
        "empty_u",
        "empty_v",
        "empty_w",
        "empty_x",
        "empty_y",
        "empty_za",
        "empty_zb",
        "empty_zc",
    ],
)
def test_calls_about_nothing_stay_empty(name: str) -> None:
    """At least 97 of 100 wrong numbers, silent calls, offers and the like fill in nothing."""
    records = [json.loads(line) for line in (CORPUS / f"{name}.jsonl").read_text("utf-8").splitlines()]
    nothing = [record for record in records if not record["gold"]]
    assert sum(not understood(record).slots for record in nothing) >= 0.97 * len(nothing)


@pytest.mark.parametrize(
    "name",
    ["dev", "life_h", "life_k", "life_o", "life_q", "empty_v", "empty_w", "empty_x", "empty_y", "empty_za", "empty_zb"],
)
def test_no_order_is_taken_for_nothing(name: str) -> None:
    """Every call with an order has one, also those in which something is refused or the line is bad at first."""
    records = [json.loads(line) for line in (CORPUS / f"{name}.jsonl").read_text("utf-8").splitlines()]
    assert [record["id"] for record in records if record["gold"] and not understood(record).slots] == []
