"""The sentences of a warranty decision, in both languages, each with where it stands."""

from __future__ import annotations

from dataclasses import dataclass

from workorder.policy.sanbao_cn import CONSUMER_LAW, RULE


@dataclass(frozen=True, slots=True)
class Reason:
    """One step of the decision: a stable ``code``, the sentence in both languages, and where it stands."""

    code: str
    text: str
    text_en: str
    citation: str = ""


def unlisted(appliance: str) -> Reason:
    """Nothing says how long this appliance is covered."""
    name = appliance or "?"
    return Reason(
        "unlisted",
        f"“{name}”不在三包目录内，亦无厂家条款或合同在档",
        f"“{name}” is not in the law's list, and no maker's terms or contract are on file",
        f"{RULE}附件目录",
    )


UNDATED = Reason(
    "no_sale_date", "没有购买日期：请核对发票", "No date of sale on file: ask for the invoice", f"{RULE}第八条"
)
SEVEN = Reason(
    "seven_days",
    "售出7日内出现性能故障，可退货、换货或修理",
    "Within 7 days: return, exchange or repair",
    f"{RULE}第九条",
)
FIFTEEN = Reason(
    "fifteen_days", "售出15日内出现性能故障，可换货或修理", "Within 15 days: exchange or repair", f"{RULE}第十条"
)
TWICE = Reason(
    "repaired_twice",
    "三包期内修理两次仍不能正常使用的，可换货",
    "Repaired twice and still not working: exchange",
    f"{RULE}第十一条",
)
NINETY = Reason(
    "ninety_days",
    "自送修之日起超过90日未修好的，可换货",
    "Not repaired within 90 days: exchange",
    f"{RULE}第十二条",
)
REPAIR = Reason(
    "free_repair", "在保期内免费修理（含材料费和工时费）", "Repair is free, parts and labour", f"{RULE}第十五条"
)
SEVEN_UNLISTED = Reason(
    "seven_days_consumer_law",
    "不符合质量要求的，自收到商品之日起7日内可以退货",
    "Not of proper quality: may be returned within 7 days of receipt",
    f"{CONSUMER_LAW}第二十四条",
)
INVOICE = Reason(
    "invoice_to_check",
    "发票号未登记：上门时请核对发票",
    "No invoice number on file: check the invoice",
    f"{RULE}第八条",
)
REPLACED = Reason(
    "restarted", "换货后三包有效期自换货之日起重新计算", "Periods start anew with the exchange", f"{RULE}第十四条"
)
EXTENDED = Reason(
    "repair_days_added", "三包有效期已扣除修理占用的时间", "Days under repair are added to the period", f"{RULE}第八条"
)
BURDEN = Reason(
    "burden_of_proof",
    "6个月内发现瑕疵发生争议的，由经营者承担举证责任",
    "Within six months the seller has to prove that there was no defect",
    f"{CONSUMER_LAW}第二十三条",
)
