"""Addresses in talk: roads named after cities, shops, our own places, what is said twice."""

from __future__ import annotations

import pytest

from tests.unit.nlp.calls import fields

HELLO, FAULT, ASKS = "a 您好，海尔售后，请讲。", "c 我家海尔空调不制冷了。", "a 您的地址？"


@pytest.mark.parametrize(
    ("said", "city", "district", "detail"),
    [
        ("南京市鼓楼区，苏州路八号二栋三零一。", "南京市", "鼓楼区", "苏州路8号2栋301"),
        (
            "黄石市下陆区，杭州西路一百一十八号，磁湖天地，十栋一零零三。",
            "黄石市",
            "下陆区",
            "杭州西路118号磁湖天地10栋1003",
        ),
        ("敖汉旗新惠镇，惠州街六十七号，三号楼一单元四零二。", None, "敖汉旗", "新惠镇惠州街67号3号楼1单元402"),
        ("中山市，东区街道博爱五路八十八号，远洋城九栋二零零三。", "中山市", None, "东区街道博爱五路88号远洋城9栋2003"),
        ("南阳市卧龙区，车站南路，汽车站斜对面，老兰包子铺。", "南阳市", "卧龙区", "车站南路汽车站斜对面老兰包子铺"),
        ("株洲市天元区泰山西路三百六十五号，一楼门面，小雅造型。", "株洲市", "天元区", "泰山西路365号1楼门面小雅造型"),
        (
            "都在三亚。旧的在天涯区，儋州路那边，新的在吉阳区，迎宾路三百六十号，半山蓝湾，A三栋一二零四。",
            "三亚市",
            "吉阳区",
            "迎宾路360号半山蓝湾A3栋1204",
        ),
    ],
)
def test_a_place_is_no_city_because_a_road_is_named_after_one(
    said: str, city: str | None, district: str | None, detail: str
) -> None:
    """A city's name before a road is the road's; a shop's name and a city told apart belong to the address."""
    address = fields(HELLO, FAULT, ASKS, f"c {said}")["address"]
    assert (address.get("city"), address.get("district"), address["detail"]) == (city, district, detail)


def test_a_province_told_with_a_particle_is_said() -> None:
    """云南的，普洱市: the province was spoken and is not inferred."""
    assert (
        fields(HELLO, FAULT, ASKS, "c 云南的，普洱市思茅区，振兴大道二百七十一号，六栋幺零零三。")["address"][
            "province"
        ]
        == "云南省"
    )


def test_a_room_read_back_in_other_words_is_no_second_room() -> None:
    """六杠四，六楼四号: the agent says the same room twice, and the estate stays."""
    address = fields(
        HELLO,
        FAULT,
        ASKS,
        "c 重庆市梁平区，迎宾路五十二号，桂湖半岛九栋六杠四。",
        "a 九栋六杠四，六楼四号，对吧？",
        "c 对。",
    )["address"]
    assert address["detail"] == "迎宾路52号桂湖半岛9栋6-4"


def test_our_own_place_is_not_the_callers() -> None:
    """Where the service point is, asked for by the caller, is not the address."""
    address = fields(
        HELLO,
        FAULT,
        "c 离我最近的网点在哪儿？",
        "a 您在哪个城市？",
        "c 甘肃庆阳，西峰区。",
        "a 西峰区有一个，在南大街二十号。",
        "c 好。",
    )["address"]
    assert address == {"province": "甘肃省", "city": "庆阳市", "district": "西峰区"}


def test_an_address_read_out_before_our_own_people_are_named_is_the_callers() -> None:
    """The one who will call back from the service point does not make the address read out the point's."""
    address = fields(
        HELLO,
        "c 你们装空调的师傅态度太差了，我要反映一下。",
        "a 地址是镇江市京口区正东路四十一号，学府花园十四幢三零六，网点负责人明天给您打电话。",
        "c 好，我等电话。",
    )["address"]
    assert (address["district"], address["detail"]) == ("京口区", "正东路41号学府花园14幢306")


def test_where_our_people_are_is_the_city_of_the_district() -> None:
    """A city that only names the service point is the customer's where the district told lies in it, else not."""
    asked = ("a 配件昨天已经到邯郸网点了。", "c 好。", "a 您的地址？")
    found = fields("a 您好。", "c 冰箱不制冷。", *asked, "c 丛台区中华北大街八号。")["address"]
    assert (found.get("city"), found["district"]) == ("邯郸市", "丛台区")
    other = fields("a 您好。", "c 冰箱不制冷。", *asked, "c 西湖区文三路八号。")["address"]
    assert other.get("city") != "邯郸市"
