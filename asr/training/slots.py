"""What fills the slots of the templates: brands, names, numbers as they are read, addresses, times.

Every value is invented; divisions, surnames and brands come from the data files of ``nlp``.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import orjson

from asr.training.numbers import MONTH_DAYS, count, digits, number

DATA = Path(__file__).parents[2] / "nlp" / "data"
WORDS = Path(__file__).parent / "text" / "words.txt"


def word_lists(text: str) -> dict[str, list[str]]:
    """``name: word word …`` lines; a word that stands twice is said twice as often."""
    lists: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, words = line.partition(":")
            lists.setdefault(name.strip(), []).extend(words.split())
    return lists


def divisions() -> list[tuple[str, str, str]]:
    """Province, city, district (empty where a city has none) of China, names as written in full."""
    found = []
    for line in (DATA / "divisions.tsv").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            province, city, districts = [*line.split("\t"), "", ""][:3]
            found += [(province, city, district.strip("~+")) for district in districts.split() or [""]]
    return found


def brands() -> list[str]:
    """Every brand and its Chinese aliases."""
    table = orjson.loads((DATA / "brands.json").read_bytes())
    names = [name for brand, entry in table.items() for name in (brand, *entry.get("aliases", ()))]
    return [name for name in names if _CHINESE.fullmatch(name)]


def faults() -> dict[str, list[str]]:
    """Per appliance the ways its faults are called (those that are words, not patterns)."""
    table = orjson.loads((DATA / "faults.json").read_bytes())
    return {
        appliance: [
            phrase for label, phrases in by_label.items() for phrase in (label, *phrases) if _CHINESE.fullmatch(phrase)
        ]
        for appliance, by_label in table.items()
        if isinstance(by_label, dict)
    }


_CHINESE = re.compile(r"[\u4e00-\u9fff]+")
_SUFFIX = re.compile("(省|市|壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区)$")


def _drawn_from(words: list[str]) -> Callable[[random.Random], str]:
    return lambda rng: rng.choice(words)


class Speaker:
    """The table of slots. ``slots[name](rng)`` gives a value."""

    def __init__(self) -> None:
        self.lists = word_lists(WORDS.read_text(encoding="utf-8"))
        self.places = divisions()
        big = set(self.lists["big_city"])
        self.big_places = [place for place in self.places if _SUFFIX.sub("", place[1]) in big]
        self.lists["brand"] += brands()
        self.faults = faults()
        self.slots: dict[str, Callable[[random.Random], str]] = {
            name: _drawn_from(words) for name, words in self.lists.items()
        }
        self.slots |= {name.removeprefix("say_"): getattr(self, name) for name in dir(self) if name.startswith("say_")}

    # -- products
    def say_brand2(self, rng: random.Random) -> str:
        return rng.choice(self.lists["brand"])

    def say_fault(self, rng: random.Random) -> str:
        kind = rng.choice(tuple(self.faults))
        return rng.choice(self.faults[kind]) if rng.random() < 0.4 else rng.choice(self.lists["symptom"])

    def say_letters(self, rng: random.Random) -> str:
        return "".join(rng.choice(_LETTERS) for _ in range(rng.choice((1, 1, 2))))

    def say_model(self, rng: random.Random) -> str:
        head = rng.choice(self.lists["model_head"]) if rng.random() < 0.5 else _letters(rng, rng.choice((1, 2, 3)))
        body = digits(rng, rng.choice((1, 2, 2, 3, 4)))
        tail = rng.choice(("", "", "", "GW", "LW", _letters(rng, 1), _letters(rng, 1) + digits(rng, 1)))
        return head + body + tail

    def say_code(self, rng: random.Random) -> str:
        letter = rng.choice("EEEEEFFFHPLCUA")
        if rng.random() < 0.15:
            return letter + rng.choice("EFHC")
        return letter + (
            digits(rng, rng.choice((1, 1, 1, 2, 2, 3))) if rng.random() < 0.8 else number(rng.randrange(1, 30))
        )

    def say_warranty(self, rng: random.Random) -> str:
        return rng.choice(("在保修期内", "过保了", "已经过保", "还在保", "过了保修期", "在保", "出保了"))

    # -- people
    def say_sur(self, rng: random.Random) -> str:
        return rng.choice(self.lists["surname"] if rng.random() < 0.85 else self.lists["rare_surname"])

    def say_title(self, rng: random.Random) -> str:
        return self.say_sur(rng) + rng.choice(self.lists["title"])

    def say_name(self, rng: random.Random) -> str:
        return self.say_sur(rng) + "".join(rng.choice(self.lists["given"]) for _ in range(rng.choice((1, 2, 2, 2))))

    def say_spell1(self, rng: random.Random) -> str:
        return rng.choice(self.lists["spell"]).replace("/", "的")

    def say_spell(self, rng: random.Random) -> str:
        return "，".join(self.say_spell1(rng) for _ in range(rng.choice((1, 1, 2))))

    def say_char(self, rng: random.Random) -> str:
        return rng.choice(self.lists["given"])

    # -- numbers
    def say_d(self, rng: random.Random) -> str:
        return digits(rng, 1)

    def say_d4(self, rng: random.Random) -> str:
        return digits(rng, 4)

    def say_digits3(self, rng: random.Random) -> str:
        return digits(rng, rng.choice((2, 3, 3, 4)))

    def say_digits4(self, rng: random.Random) -> str:
        return digits(rng, 4)

    def say_order(self, rng: random.Random) -> str:
        groups = rng.choice(((4, 4, 4), (12,), (3, 3, 3), (4, 4), (6, 6), (4, 6)))
        return rng.choice(("，", "")).join(digits(rng, size) for size in groups)

    def say_phone(self, rng: random.Random) -> str:
        """A mobile number, or one time in ten a landline, in the groups people use."""
        one = rng.choice("幺幺幺一")
        if rng.random() < 0.1:
            head = rng.choice(("", "零" + digits(rng, 2, one) + "，", "零" + digits(rng, 3, one)))
            return head + rng.choice(("，", "")).join((digits(rng, 4, one), digits(rng, 4, one)))
        text = one + rng.choice("三三五五八八七九") + digits(rng, 9, one, repeats=rng.random() < 0.4)
        sizes = rng.choice(((3, 4, 4), (3, 4, 4), (3, 4, 4), (11,), (3, 3, 5), (3, 2, 2, 2, 2), (7, 4)))
        starts = [sum(sizes[:i]) for i in range(len(sizes))]
        return rng.choice(("，", "，", "")).join(text[a : a + n] for a, n in zip(starts, sizes, strict=True))

    def say_n(self, rng: random.Random) -> str:
        return count(rng.randrange(1, 20)) if rng.random() < 0.8 else rng.choice(("几", "好几", "两三", "三四", "七八"))

    def say_no(self, rng: random.Random) -> str:
        spoken = number(rng.choice((rng.randrange(1, 100), rng.randrange(100, 1000), rng.randrange(1000, 3000))))
        return spoken if rng.random() < 0.85 else digits(rng, rng.choice((2, 3)))

    def say_money(self, rng: random.Random) -> str:
        amount = rng.choice((rng.randrange(2, 99) * 10, rng.randrange(1, 50) * 100, rng.randrange(30, 5000)))
        return number(amount) + rng.choice(("块", "块钱", "元", "块"))

    # -- places
    def say_city(self, rng: random.Random) -> str:
        return self._place(rng)[1]

    def say_district(self, rng: random.Random) -> str:
        return self._place(rng)[2]

    def say_road(self, rng: random.Random) -> str:
        return self._name(rng, "road_head") + rng.choice(self.lists["road_tail"])

    def say_estate(self, rng: random.Random) -> str:
        return self._name(rng, "estate_head") + rng.choice(self.lists["estate_tail"])

    def say_town(self, rng: random.Random) -> str:
        return self._name(rng, "town_head") + rng.choice(("街道", "街道", "镇", "镇", "乡", "社区"))

    def say_village(self, rng: random.Random) -> str:
        return self._name(rng, "town_head") + rng.choice(("村", "村", "新村", "屯", "庄"))

    def say_floor(self, rng: random.Random) -> str:
        return number(rng.randrange(1, 34)) + rng.choice(("楼", "层"))

    def say_house(self, rng: random.Random) -> str:
        block = number(rng.randrange(1, 40)) + rng.choice(("栋", "号楼", "幢", "座", "栋", "号"))
        if rng.random() < 0.12:
            block = rng.choice("ABCD") + rng.choice(("座", "栋"))
        unit = rng.choice(("", "", number(rng.randrange(1, 7)) + "单元", number(rng.randrange(1, 7)) + "单元"))
        room = digits(rng, rng.choice((3, 3, 4, 4)), rng.choice("一幺幺"), room=True) + rng.choice(("", "", "室", "房"))
        if rng.random() < 0.15:
            room = self.say_floor(rng) + rng.choice(("", digits(rng, 4, "幺", room=True)))
        return block + unit + room

    def say_addr(self, rng: random.Random) -> str:
        province, city, district = self._place(rng)
        short_city = _SUFFIX.sub("", city)
        head = rng.choice(("", "", "", province, _SUFFIX.sub("", province))) if province != city else ""
        head += rng.choice((city, city, short_city, "")) + district
        street = self.say_road(rng) + rng.choice((self.say_no(rng) + "号", self.say_no(rng) + "号", ""))
        home = self.say_estate(rng) + self.say_house(rng)
        comma = rng.choice(("，", ""))
        return rng.choice(
            (
                head + street + comma + home,
                head + street + comma + home,
                head + home,
                head + street,
                head + self.say_town(rng) + comma + street + comma + home,
                head + self.say_town(rng) + comma + home,
                head + street + comma + self.say_house(rng),
                home,
                street + comma + home,
                head
                + self.say_town(rng)
                + self.say_village(rng)
                + rng.choice(("", number(rng.randrange(1, 200)) + "号")),
            )
        )

    def _place(self, rng: random.Random) -> tuple[str, str, str]:
        return rng.choice(self.big_places if rng.random() < 0.6 else self.places)

    def _name(self, rng: random.Random, heads: str) -> str:
        """A known first part, or one invented from two characters that such names are made of."""
        if rng.random() < 0.7:
            return rng.choice(self.lists[heads])
        return "".join(rng.choice(self.lists["place_char"]) for _ in range(2))

    # -- times
    def say_year(self, rng: random.Random) -> str:
        return digits(rng, 0) + rng.choice(("二零一", "二零二")) + rng.choice("零一二三四五六七八九") + "年"

    def say_wd(self, rng: random.Random) -> str:
        return rng.choice("一二三四五六日天")

    def say_date(self, rng: random.Random) -> str:
        month = rng.randrange(1, 13)
        day = number(rng.randrange(1, MONTH_DAYS[month] + 1))
        return (
            rng.choice((number(month) + "月", number(month) + "月", "", "这个月", "下个月"))
            + day
            + rng.choice(("号", "号", "日"))
        )

    def say_day(self, rng: random.Random) -> str:
        week = rng.choice(("周", "星期", "这周", "下周", "礼拜", "上周", "下星期")) + rng.choice("一二三四五六日")
        return rng.choice((rng.choice(self.lists["day"]), rng.choice(self.lists["day"]), week, self.say_date(rng)))

    say_day2 = say_day

    def say_hour(self, rng: random.Random) -> str:
        hour = count(rng.randrange(1, 13)) + "点"
        return hour + rng.choice(("", "", "", "半", "钟", number(rng.choice((5, 10, 15, 20, 30, 40, 45, 50))) + "分"))

    def say_when(self, rng: random.Random) -> str:
        part = rng.choice(("", *self.lists["daypart"]))
        hour = self.say_hour(rng)
        until = rng.choice(("到", "至")) + self.say_hour(rng)
        hours = rng.choice(("", "", hour, hour + rng.choice(self.lists["around"]), hour + until))
        return rng.choice((self.say_day(rng), self.say_day(rng), "")) + (part + hours or "周末")


_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _letters(rng: random.Random, length: int) -> str:
    return "".join(rng.choice(_LETTERS) for _ in range(length))
