"""Citations of the warranty rules in English."""

from __future__ import annotations

import re

import pytest

from workorder.policy import warranty_reasons
from workorder.policy.sanbao_cn import CONSUMER_LAW, EXCLUSIONS, LISTED, RULE
from workorder.policy.warranty_citations import LAWS, TITLES, in_english
from workorder.policy.warranty_reasons import Reason

CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize(
    ("citation", "english"),
    [
        (f"{RULE}第八条", f"{LAWS[RULE]}, article 8"),
        (f"{RULE}第十七条（三）", f"{LAWS[RULE]}, article 17 (3)"),
        (f"{RULE}第十条", f"{LAWS[RULE]}, article 10"),
        (f"{CONSUMER_LAW}第二十四条", f"{LAWS[CONSUMER_LAW]}, article 24"),
        (f"{RULE}附件目录", f"{LAWS[RULE]}, annex"),
        (
            f"{RULE}第八条及目录“家用空调器”：主要部件3年",
            f"{LAWS[RULE]}, article 8, annex, household air conditioners: main parts 3 years",
        ),
        (
            f"{RULE}第八条及目录“洗衣机”：整机1年",
            f"{LAWS[RULE]}, article 8, annex, washing machines: whole appliance 1 year",
        ),
        ("保修卡", "warranty card"),
        ("格力空调保修条款", "格力空调 warranty terms"),
        ("HT-2026-0001", "HT-2026-0001"),
    ],
)
def test_a_citation_is_read_as_a_lawyer_would_write_it(citation: str, english: str) -> None:
    """Law, article, paragraph, the annex's line; a source of somebody's own keeps its name."""
    assert in_english(citation) == english


def test_no_citation_of_the_law_keeps_a_chinese_word() -> None:
    """Every reason there is, every exclusion and every line of the annex."""
    reasons = [one for one in vars(warranty_reasons).values() if isinstance(one, Reason)]
    citations = [one.citation for one in (*reasons, warranty_reasons.unlisted("洗碗机")) if one.citation]
    citations += [f"{RULE}{article}" for _, _, article in EXCLUSIONS.values()]
    citations += [f"{RULE}第八条及目录“{line.title}”：整机{line.whole_years}年" for line in LISTED]
    assert len(citations) > 20
    assert [citation for citation in citations if CHINESE.search(in_english(citation))] == []
    assert {line.title for line in LISTED} == set(TITLES)
