"""China's law on repair, exchange and return (三包) of household appliances, as data with its source.

Sources: 《部分商品修理更换退货责任规定》 (国经贸〔1995〕458号, in force since 25 August 1995) with its annex, the
list of goods and periods; 《消费者权益保护法》 (2013) articles 23 and 24; how days are counted follows the official
explanation of article 8 and 《民法典》 articles 202 and 203. The annex gives vacuum cleaners, cooker hoods and gas
water heaters a period for main parts too; as its text was not at hand it is left out here: they get the year of the
whole appliance, and what a maker promises beyond it stands in the maker's terms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

RULE = "部分商品修理更换退货责任规定"
CONSUMER_LAW = "消费者权益保护法"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One line of the annex: periods in years, and the main parts that have the longer one.

    ``names`` are ends of what people call the appliance (``变频空调`` ends in ``空调``), ``unless`` parts of a name
    that make it another thing (a central air conditioner is no household one).
    """

    title: str
    names: tuple[str, ...]
    whole_years: int
    part_years: int
    parts: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()


LISTED: tuple[Listed, ...] = (
    Listed(
        title="彩色电视机",
        names=("电视", "电视机", "彩电"),
        whole_years=1,
        part_years=3,
        parts=("显像管", "行输出变压器", "高频头", "集成电路"),
    ),
    Listed(
        title="家用电冰箱",
        names=("冰箱",),
        whole_years=1,
        part_years=3,
        parts=("压缩机", "温控器", "蒸发器", "冷凝器", "毛细管", "过滤器"),
        unless=("商用",),
    ),
    Listed(
        title="洗衣机", names=("洗衣机",), whole_years=1, part_years=3, parts=("电动机", "电机", "定时器", "电容器")
    ),
    Listed(title="电风扇", names=("风扇", "电扇"), whole_years=1, part_years=3, parts=("电动机", "电机")),
    Listed(title="微波炉", names=("微波炉",), whole_years=1, part_years=2, parts=("磁控管", "变压器", "定时器")),
    Listed(title="吸尘器", names=("吸尘器",), whole_years=1, part_years=1),
    Listed(
        title="家用空调器",
        names=("空调", "空调器", "空调机", "挂机", "柜机"),
        whole_years=1,
        part_years=3,
        parts=("压缩机", "冷凝器", "蒸发器", "毛细管", "四通阀", "温控器"),
        unless=("中央", "商用", "汽车"),
    ),
    Listed(title="吸排油烟机", names=("油烟机", "烟机"), whole_years=1, part_years=1),
    Listed(title="燃气热水器", names=("燃气热水器", "煤气热水器", "天然气热水器"), whole_years=1, part_years=1),
)
"""Household appliances of the annex's eighteen goods, first match wins."""

RETURN_DAYS = 7
EXCHANGE_DAYS = 15
REPAIRS_BEFORE_EXCHANGE = 2
LONGEST_REPAIR_DAYS = 90
DURABLE_BURDEN_MONTHS = 6


class Cause(StrEnum):
    """Why it broke, where that ends the seller's duty (article 17)."""

    MISUSE = "misuse"
    FOREIGN_REPAIR = "foreign_repair"
    NO_PROOF = "no_proof"
    WRONG_MODEL = "wrong_model"
    FORCE_MAJEURE = "force_majeure"


EXCLUSIONS: Mapping[Cause, tuple[str, str, str]] = {
    Cause.MISUSE: ("使用、维护、保管不当造成损坏", "damaged by misuse, poor care or storage", "第十七条（一）"),
    Cause.FOREIGN_REPAIR: (
        "非承担三包的修理者拆动造成损坏",
        "opened by somebody who is no authorised repairer",
        "第十七条（二）",
    ),
    Cause.NO_PROOF: ("无三包凭证及有效发票", "neither warranty card nor valid invoice", "第十七条（三）"),
    Cause.WRONG_MODEL: (
        "三包凭证型号与产品型号不符或者涂改",
        "the card names another model, or was altered",
        "第十七条（四）",
    ),
    Cause.FORCE_MAJEURE: ("因不可抗拒力造成损坏", "damaged by force majeure", "第十七条（五）"),
}
"""Cause → what it says in Chinese and English, and the article."""


def listed(appliance: str) -> Listed | None:
    """The annex's line for an appliance by the name people use; None when it is not in the list."""
    name = appliance.strip()
    for line in LISTED:
        if name.endswith(line.names) and not any(word in name for word in line.unless):
            return line
    return None
