"""Scores of extracted orders against gold orders, field by field, by the rules of the corpus (docs/extraction.md)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from nlp.catalogue import Catalogue
from nlp.normalize import arabic

FIELDS = (
    "service_type",
    "customer_name",
    "contact_phone",
    "appliance",
    "brand",
    "model",
    "fault",
    "error_code",
    "onset",
    "intermittent",
    "address.province",
    "address.city",
    "address.district",
    "address.detail",
    "appointment",
    "purchase_date",
    "in_warranty_claim",
    "safety",
    "urgency",
    "prior_ticket",
    "sentiment_complaint",
)
REQUIRED = (
    "service_type",
    "contact_phone",
    "appliance",
    "brand",
    "fault",
    "address.city",
    "address.district",
    "address.detail",
    "appointment",
)
NEUTRAL: Mapping[str, object] = {
    "intermittent": False,
    "sentiment_complaint": False,
    "safety": "none",
    "urgency": "normal",
}
"""Values that say the same as a field left out."""
_MUNICIPALITIES = frozenset({"北京", "上海", "天津", "重庆"})
_SAME_APPLIANCE = {
    "燃气热水器": "热水器",
    "电热水器": "热水器",
    "滚筒洗衣机": "洗衣机",
    "波轮洗衣机": "洗衣机",
    "中央空调": "空调",
    "抽油烟机": "油烟机",
    "智能马桶盖": "马桶盖",
    "智能马桶": "马桶盖",
    "电视机": "电视",
    "燃气壁挂炉": "壁挂炉",
    "烘干机": "干衣机",
    "灶具": "燃气灶",
    "煤气灶": "燃气灶",
    "扫地机": "扫地机器人",
}
_TITLE = re.compile("(先生|女士|小姐|老师|老板|大爷|阿姨|太太|师傅|大哥|大姐|总)$")
_MALE, _FEMALE = frozenset({"先生", "大爷", "大哥"}), frozenset({"女士", "小姐", "阿姨", "太太", "大姐"})
_DIVISION = re.compile("(特别行政区|维吾尔自治区|壮族自治区|回族自治区|自治区|自治州|省|市|新区|区|县)$")

Fields = Mapping[str, Any]


@dataclass(slots=True)
class Counts:
    """Hits, wrong or invented values, missed values."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def __iadd__(self, other: Counts) -> Self:
        self.right, self.wrong, self.missed = (
            self.right + other.right,
            self.wrong + other.wrong,
            self.missed + other.missed,
        )
        return self

    @property
    def precision(self) -> float:
        """Share of given values that are right."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 0.0

    @property
    def recall(self) -> float:
        """Share of expected values that were found."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        total = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Miss:
    """One difference: which call and field, what was expected and what was given."""

    call_id: str
    field: str
    gold: object
    pred: object


@dataclass(slots=True)
class Score:
    """The tally of many calls."""

    fields: dict[str, Counts] = field(default_factory=dict)
    second: Counts = field(default_factory=Counts)
    misses: list[Miss] = field(default_factory=list)
    calls: int = 0
    calls_right: int = 0
    empty: int = 0
    empty_left: int = 0

    def micro(self, names: Iterable[str] = REQUIRED) -> Counts:
        """Counts summed over fields."""
        total = Counts()
        for name in names:
            total += self.fields.get(name, Counts())
        return total

    @property
    def overall(self) -> Counts:
        """All fields, second orders included."""
        total = self.micro(FIELDS)
        total += self.second
        return total


def score(gold: Iterable[Mapping[str, Any]], pred: Mapping[str, Fields]) -> Score:
    """Compare records of the corpus with predictions by call id (fields in gold format)."""
    result = Score()
    judge = Judge(Catalogue.load())
    for record in gold:
        judge.call(result, record, pred.get(str(record["id"]), {}))
    return result


@dataclass(frozen=True)
class Judge:
    """Decides whether two values of a field mean the same."""

    catalogue: Catalogue

    def call(self, result: Score, record: Mapping[str, Any], pred: Fields) -> None:
        """Add one call to the tally."""
        call_id, gold = str(record["id"]), record["gold"]
        before = len(result.misses)
        inferred, accepted = record.get("gold_inferred", {}), record.get("gold_alt", {})
        for name in FIELDS:
            self._field(
                result, result.fields.setdefault(name, Counts()), (call_id, name), gold, pred, inferred, accepted
            )
        new = result.misses[before:]
        result.calls += 1
        result.calls_right += not any(m.field in REQUIRED for m in new)
        if not gold:
            result.empty += 1
            result.empty_left += not new
        self._second(result, call_id, gold, pred)

    def _second(self, result: Score, call_id: str, gold: Fields, pred: Fields) -> None:
        wanted, given = gold.get("second_ticket") or {}, dict(pred.get("second_ticket") or {})
        for shared in ("customer_name", "contact_phone", "address", "appointment"):
            if shared in gold and shared not in wanted:
                given.pop(shared, None)
        for name in FIELDS:
            self._field(result, result.second, (call_id, f"second.{name}"), wanted, given, {}, {})

    def _field(
        self,
        result: Score,
        counts: Counts,
        key: tuple[str, str],
        gold: Fields,
        pred: Fields,
        inferred: Fields,
        accepted: Fields,
    ) -> None:
        name = key[1].removeprefix("second.")
        wanted, given = _get(gold, name), _get(pred, name)
        if name == "address.province" and given is not None and _place(str(given)) in _MUNICIPALITIES:
            given = None
        if wanted is None:
            may = given is None or given == NEUTRAL.get(name, object())
            follows = _get(inferred, name)
            may = may or any(self.same(name, other, given) for other in accepted.get(name, ()))
            if may or (follows is not None and self.same(name, follows, given)):
                return
            counts.wrong += 1
        elif given is None:
            counts.missed += 1
        elif self.same(name, wanted, given) or any(self.same(name, other, given) for other in accepted.get(name, ())):
            counts.right += 1
            return
        else:
            counts.wrong += 1
            counts.missed += 1
        result.misses.append(Miss(key[0], key[1], wanted, given))

    def same(self, name: str, gold: Any, pred: Any) -> bool:
        """Whether ``pred`` means the gold value of field ``name``."""
        if name == "brand":
            known = self.catalogue.brand_names
            return known.get(_key(gold), _key(gold)) == known.get(_key(pred), _key(pred))
        if name.startswith("address.") and name != "address.detail":
            return _place(str(gold)) == _place(str(pred))
        compare = _COMPARE.get(name)
        return bool(compare(gold, pred)) if compare else bool(gold == pred)


def _get(fields: Fields, name: str) -> Any:
    value: Any = fields
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return None if value in ("", [], {}) else value


def _key(value: object) -> str:
    return re.sub(r"[\s.．·\-_/（）()]", "", str(value)).upper()


def _place(s: str) -> str:
    s = re.sub(r"\s", "", s)
    short = _DIVISION.sub("", s)
    return short if len(short) >= 2 else s


def _phone(gold: object, pred: object) -> bool:
    digits = re.sub(r"^(\+?86)(?=1\d{10}$)", "", re.sub(r"[^\d+]", "", str(pred)))
    return digits == re.sub(r"\D", "", str(gold))


def _plain_address(s: object) -> str:
    text = str(s).translate(str.maketrans("０１２３４５６７８９－—", "0123456789--")).replace("杠", "-")
    text = re.sub(r"[\s，,。.、；;的那个]", "", arabic(text)).upper()
    return re.sub(r"(?<!\d)(\d{1,2})[楼层](?=\1\d\d(?!\d))", "", text)


def _detail(gold: object, pred: object) -> bool:
    g, p = _plain_address(gold), _plain_address(pred)
    if g == p:
        return True
    if re.findall(r"\d+", g) != re.findall(r"\d+", p):
        return False
    x, y = re.sub(r"\d+", "#", g), re.sub(r"\d+", "#", p)
    return (
        re.findall("[A-Z]", x) == re.findall("[A-Z]", y)
        and difflib.SequenceMatcher(None, x, y, autojunk=False).ratio() >= 0.75
    )


def _name(gold: object, pred: object) -> bool:
    g, p = (re.sub(r"\s", "", str(x)) for x in (gold, pred))
    if g == p:
        return True
    (family, title), (other, other_title) = _styled(g), _styled(p)
    if family is None or other is None or family != other:
        return False
    return not ((title in _MALE and other_title in _FEMALE) or (title in _FEMALE and other_title in _MALE))


def _styled(name: str) -> tuple[str | None, str]:
    """(surname, title) of 王女士, 小范 or 王; (None, "") of a full name."""
    m = _TITLE.search(name)
    if m:
        return name[: m.start()].lstrip("小老") or name[: m.start()], m.group(1)
    if re.fullmatch("[小老].", name):
        return name[1:], ""
    return (name, "") if len(name) == 1 else (None, "")


def _slot(gold: object, pred: object) -> bool:
    """Half of the longer slot in common; of open slots the same day and at most an hour apart."""
    try:
        (start, end), (other, other_end) = _times(gold), _times(pred)
    except (KeyError, TypeError, ValueError):
        return False
    if end is None or other_end is None:
        return start.date() == other.date() and (end is not None or abs((start - other).total_seconds()) <= 3600)
    common = (min(end, other_end) - max(start, other)).total_seconds()
    longer = max(end - start, other_end - other).total_seconds()
    return common > 0 and common >= 0.5 * longer


def _times(slot: Any) -> tuple[datetime, datetime | None]:
    start, end = slot["start"], slot.get("end")
    local = datetime.fromisoformat(start).replace(tzinfo=None)
    return local, datetime.fromisoformat(end).replace(tzinfo=None) if end else None


def _date(gold: object, pred: object) -> bool:
    g, p = str(gold), str(pred)
    if re.match(r"\d{4}", g):
        return p[: len(g)] == g
    return g == p or difflib.SequenceMatcher(None, arabic(g), arabic(p)).ratio() >= 0.6


def _code(gold: object, pred: object) -> bool:
    return _key(gold) == _key(pred)


def _appliance(gold: object, pred: object) -> bool:
    return _SAME_APPLIANCE.get(str(gold), gold) == _SAME_APPLIANCE.get(str(pred), pred)


_COMPARE: Mapping[str, Callable[[object, object], bool]] = {
    "contact_phone": _phone,
    "model": _code,
    "error_code": _code,
    "prior_ticket": _code,
    "appliance": _appliance,
    "customer_name": _name,
    "address.detail": _detail,
    "appointment": _slot,
    "purchase_date": _date,
    "onset": _date,
}
