"""Customers behind hidden numbers, live precision, and the calibration."""

from __future__ import annotations

import random

from nlp.calibrate import Calibration, Signal, expected_error, fit, reliability
from nlp.feedback import Feedback, corrections, report
from nlp.known import rank_candidates
from nlp.sound import SoundIndex, alike, distance
from nlp.types import KnownAsset, KnownCustomer, SlotState
from tests.unit.nlp.calls import call

CUSTOMERS = [
    (
        "c1",
        KnownCustomer(
            ("王建国",), (), ("浙江省杭州市西湖区文三路288号翠苑三区12幢2单元501",), (KnownAsset("空调", "格力"),)
        ),
    ),
    ("c2", KnownCustomer(("王建军",), (), ("浙江省杭州市拱墅区莫干山路1号",), (KnownAsset("冰箱", "海尔"),))),
    ("c3", KnownCustomer(("陈晓红",), (), ("湖北省武汉市洪山区珞喻路726号",), (KnownAsset("空调", "格力"),))),
]


def test_candidates_are_ranked_by_sound() -> None:
    """A misheard name and address still find the customer behind a hidden number."""
    heard = call(
        "c 我家格力空调不制冷。", "a 贵姓？地址？", "c 我叫王见国，杭州市西湖区文三路二百八十八号。", number=None
    )
    ranked = rank_candidates(heard.slots, CUSTOMERS)
    assert ranked[0].customer_id == "c1"
    assert "name" in ranked[0].reasons


def test_nothing_heard_ranks_nobody() -> None:
    """Without name, address or appliance nobody is proposed."""
    assert rank_candidates((), CUSTOMERS) == []


def test_live_precision_and_worst_rules() -> None:
    """Accepted and corrected values are counted by slot and by rule."""
    records = [Feedback("k1", "brand", "brand.named", 0.9, "格力", "accepted") for _ in range(8)]
    records += [Feedback("k1", "fault", "fault.agent", 0.8, "漏水", "corrected", "滴油") for _ in range(4)]
    records += [
        Feedback("k1", "fault", "fault.agent", 0.8, "漏水", "accepted"),
        Feedback("k2", "model", "model.spelled", 0.5, "X1", "removed"),
    ]
    live = report(records)
    assert (live.judged, live.accepted) == (14, 9)
    assert {line.name: line.precision for line in live.slots} == {"brand": 1.0, "fault": 0.2, "model": 0.0}
    assert [line.name for line in live.worst_rules] == ["fault.agent", "brand.named"]


def test_corrections_become_corpus_records() -> None:
    """Calls that an agent corrected are exported with the agent's values as gold."""
    dialogues = [{"id": "k1", "turns": []}, {"id": "k2", "turns": []}]
    records = [
        Feedback("k1", "brand", "r", 0.9, "格力", "accepted"),
        Feedback("k1", "fault", "r", 0.9, "漏水", "corrected", "异响"),
        Feedback("k1", "model", "r", 0.9, "X1", "removed"),
        Feedback("k2", "brand", "r", 0.9, "美的", "accepted"),
    ]
    assert corrections(dialogues, records) == [{"id": "k1", "turns": [], "gold": {"brand": "格力", "fault": "异响"}}]


def test_fit_finds_the_rates() -> None:
    """Fitted confidences are near the share that is right, and the calibration error sees when they are not."""
    rng = random.Random(7)
    good, bad = (Signal("brand", f"brand.{r}", SlotState.HEARD, 0.9, 0.85, 0.85) for r in ("good", "bad"))
    samples = [(good, rng.random() < 0.95) for _ in range(400)] + [(bad, rng.random() < 0.5) for _ in range(400)]
    fitted = Calibration(fit(samples, penalty=0.1))
    assert abs(fitted.confidence(good) - 0.95) < 0.04
    assert abs(fitted.confidence(bad) - 0.5) < 0.06
    assert expected_error((fitted.confidence(s), right) for s, right in samples) < 0.05
    assert expected_error((0.99, right) for _, right in samples) > 0.2


def test_reliability_counts_every_value() -> None:
    """The bins of the diagram hold all values."""
    bins = reliability([(0.05, False), (0.95, True), (0.99, True), (1.0, False)])
    assert [b.count for b in bins] == [1, 3]


def test_sounds_alike() -> None:
    """Homophones cost little, confusable sounds more, other characters most."""
    assert distance("格力", "格力") == 0
    assert 0 < distance("格利", "格力") < distance("格你", "格力") < distance("美的", "格力")
    assert alike("文山路", "文三路") > 0.8


def test_sound_index_finds_misheard_words() -> None:
    """A word is found with a wrong, and a longer one with a missing or an extra syllable; unlike text finds nothing."""
    index = SoundIndex(["西湖区", "电热水器"])
    assert index.find("杭州细湖曲文三路")[0].word == "西湖区"
    assert index.find("我家电热器坏了")[0].word == "电热水器"
    assert index.find("我家电热呃水器坏了")[0].word == "电热水器"
    assert index.find("今天天气不错") == []
