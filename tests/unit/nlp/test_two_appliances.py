"""Calls about two appliances: when there are two, which words are about which, and appliances that are only mentioned."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.nlp.calls import call, fields

HELLO = "a 您好，美的服务，请讲。"
PLACE = ("a 您的地址？", "c 南京市鼓楼区汉口路八号二栋三零一。")


def told(*lines: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields of the two orders of a call."""
    found = fields(HELLO, *lines, *PLACE)
    return found, found.get("second_ticket", {})


REPORTED: tuple[tuple[str, ...], ...] = (
    ("冰箱", "不制冷", "热水器", "不点火", "c 冰箱不制冷了，热水器也打不着火。"),
    (
        "空调",
        "不制冷",
        "冰箱",
        "异响",
        "c 我家空调不制冷了。",
        "a 好的，空调不制冷，还有别的问题吗？",
        "c 有，冰箱最近老是嗡嗡响。",
    ),
    (
        "洗衣机",
        "不脱水",
        "热水器",
        "不点火",
        "c 洗衣机跟热水器都坏了。",
        "a 洗衣机是什么问题？",
        "c 脱水的时候不转，衣服湿淋淋的。",
        "a 那热水器呢？",
        "c 打不着火，点半天没反应。",
    ),
    (
        "电视",
        "不开机",
        "冰箱",
        "不制冷",
        "c 家里停了一次电，电视和冰箱全趴了。",
        "a 电视什么现象？",
        "c 开不了机，灯都不亮。",
        "a 冰箱那边呢？",
        "c 冰箱是不制冷了。",
    ),
    (
        "空调",
        "漏水",
        "油烟机",
        "吸力小",
        "c 空调漏水，帮我报个修。",
        "a 好的，登记了。",
        "c 对了，家里那个油烟机也一起给我看下，吸力特别小。",
    ),
    (
        "洗碗机",
        "洗不干净",
        "烤箱",
        "不加热",
        "c 我要报修洗碗机，洗不干净。",
        "a 好的，请问地址？",
        "c 先等一下，我还有个烤箱不加热，一并登记了。",
    ),
    (
        "空调",
        "异响",
        "洗衣机",
        "门打不开",
        "c 第一个问题是空调外机响得厉害。",
        "a 嗯，第二个呢？",
        "c 第二个是洗衣机门打不开。",
    ),
    ("空调", "", "热水器", "漏水", "c 新买的空调要装，另外热水器漏水也要修。"),
    ("空调", "不制冷", "洗衣机", "", "c 老空调不制冷要修一下，新买的洗衣机也到了，顺带装一下。"),
    ("油烟机", "", "燃气灶", "打不着火", "c 油烟机要清洗，灶打不着火，一趟弄了吧。"),
    (
        "冰箱",
        "不制冷",
        "洗衣机",
        "不进水",
        "c 冰箱、洗衣机，两个都罢工了。冰箱是不制冷。",
        "a 洗衣机什么情况？",
        "c 不进水。",
    ),
    (
        "油烟机",
        "异响",
        "燃气灶",
        "打不着火",
        "c 烟机灶具都有毛病。",
        "a 烟机是什么毛病？",
        "c 声音大得要命。",
        "a 灶呢？",
        "c 右边打不着。",
    ),
    (
        "热水器",
        "中途熄火",
        "净水器",
        "",
        "c 那个热水器，洗着洗着就灭了。然后净水器也要换滤芯了，你看能不能一次来搞定。",
    ),
    (
        "冰柜",
        "不制冷",
        "消毒柜",
        "门关不严",
        "c 我这边有俩机器要修，一台冰柜，一台消毒柜。",
        "a 冰柜什么问题？",
        "c 不制冷。",
        "a 消毒柜呢？",
        "c 门关不严。",
    ),
    (
        "电视",
        "无声音",
        "空调",
        "遥控失灵",
        "c 电视没声音。",
        "a 好的，电视无声音。",
        "c 还有啊，卧室空调遥控器按了没反应，电池也换过。",
    ),
    ("微波炉", "不加热", "电饭煲", "糊底", "c 微波炉不加热，一起的还有那个电饭煲，煮饭糊底。"),
    ("洗衣机", "漏水", "干衣机", "", "c 洗衣机漏水。", "a 好的。", "c 我老婆说烘干机也不热了，一块儿报上。"),
    (
        "扫地机器人",
        "不回充",
        "空气净化器",
        "",
        "c 扫地机器人不回充。",
        "a 您家里还有其他电器需要检修吗？",
        "c 那就把空气净化器也看看吧，老亮红灯。",
    ),
    ("空调", "漏水", "洗衣机", "不排水", "c 报两个修，空调滴水，洗衣机不排水。"),
    ("冰箱", "灯不亮", "电视", "花屏", "c 一个冰箱一个电视，冰箱灯不亮，电视花屏。"),
    ("壁挂炉", "不点火", "燃气灶", "火力小", "c 壁挂炉不点火。", "a 好的，还有吗？", "c 还有厨房那个灶，火特别小。"),
    ("空调", "不制热", "热水器", "水温不稳", "c 空调不制热，还有就是热水器，水忽冷忽热的。"),
    ("热水器", "不点火", "洗衣机", "", "c 你好，热水器坏了，打不着火。哦等下，我妈说洗衣机也不转了，一块报吧。"),
    (
        "油烟机",
        "",
        "燃气灶",
        "",
        "c 我买的油烟机和灶到货了，约个时间安装。",
        "a 好的，油烟机什么型号？",
        "c C X W 二零零。",
        "a 灶的型号呢？",
        "c J Z T 八八。",
    ),
    (
        "冰箱",
        "不制冷",
        "饮水机",
        "不加热",
        "c 冰箱不制冷。",
        "a 冰箱不制冷，明白。",
        "c 麻烦再帮我登记一个，饮水机不出热水。",
    ),
    ("冰箱", "不制冷", "洗碗机", "不排水", "c 我家里电器集体造反了，先是冰箱不制冷，今天洗碗机又不排水。"),
    ("油烟机", "吸力小", "燃气灶", "打不着火", "c 厨房那套都不行了，烟机不吸烟，灶也打不着火。"),
    (
        "热水器",
        "水温不稳",
        "净水器",
        "出水慢",
        "c 热水器和净水器都想请师傅看看。",
        "a 分别是什么问题呢？",
        "c 热水器是水忽冷忽热，净水器是出水特别慢。",
    ),
    (
        "洗衣机",
        "不脱水",
        "烤箱",
        "温度不准",
        "c 洗衣机不脱水。",
        "a 明白。",
        "c 顺便问下，烤箱也能一起修不，温度老不准。",
        "a 可以的，一起登记。",
    ),
    ("电视", "黑屏", "空调", "漏水", "c 麻烦登记两个维修单，一个电视黑屏，一个空调漏水。"),
    (
        "冰箱",
        "灯不亮",
        "洗衣机",
        "不进水",
        "c 冰箱灯不亮。",
        "a 好的，还有什么可以帮您？",
        "c 还有件事，我妈那边的洗衣机也坏了，不进水，能不能一块派师傅？",
    ),
    (
        "空调",
        "不制热",
        "洗衣机",
        "异响",
        "c 喂，我要修空调，还要修洗衣机。",
        "a 空调怎么了？",
        "c 不制热。",
        "a 洗衣机怎么了？",
        "c 甩干的时候响得吓人。",
    ),
    ("空调", "不制冷", "电视", "无声音", "c 空调不制冷，电视也没有声音，都是你们家的。"),
    ("油烟机", "漏油", "热水器", "不点火", "c 一件是油烟机漏油，另一件是热水器点不着火。"),
    (
        "油烟机",
        "漏油",
        "燃气灶",
        "旋钮失灵",
        "c 油烟机漏油。",
        "a 除了油烟机呢？",
        "c 集成灶没有，就燃气灶，旋钮拧不动。",
    ),
    ("饮水机", "不加热", "空调", "不制冷", "c 我们办公室的饮水机不热，打印间那台空调也不出冷风，都来看看。"),
    ("冰箱", "门封不严", "洗衣机", "门打不开", "c 冰箱门关不严，洗衣机的门又打不开。"),
    (
        "冰箱",
        "结冰结霜",
        "洗衣机",
        "异响",
        "c 之前报了冰箱的修，现在洗衣机也出毛病了，脱水响得不行，两个一起上门吧。冰箱是结冰。",
    ),
    (
        "空调",
        "",
        "热水器",
        "漏水",
        "c 空调移机，从旧房拆到新房，另外旧房的热水器不要了，新房那个电热水器漏水给修一下。",
    ),
    (
        "空调",
        "不制冷",
        "扫地机器人",
        "不回充",
        "a 还有别的吗？",
        "c 先说空调不制冷。",
        "a 好的，空调。",
        "c 再一个，扫地机器人老是不回充。",
    ),
    (
        "洗衣机",
        "不进水",
        "净水器",
        "漏水",
        "c 洗衣机坏了，净水器也坏了。",
        "a 您先说洗衣机？",
        "c 不进水。",
        "a 净水器？",
        "c 漏水。",
    ),
    ("油烟机", "", "空调", "", "c 家电清洗，一台油烟机一台空调，一起洗有优惠没？"),
    ("电饭煲", "煮不熟", "电磁炉", "面板破裂", "c 电饭煲煮不熟，电磁炉面板裂了，两个小家电送修还是上门？"),
    ("冰箱", "不制冷", "洗碗机", "漏水", "c 冰箱保修期内不制冷，洗碗机过保了也漏水，一次看完。"),
    (
        "壁挂炉",
        "漏水",
        "热水器",
        "不点火",
        "c 壁挂炉漏水，热水器也不点火，家里啥都没了。",
        "a 您家壁挂炉和热水器是两台吗？",
        "c 是两台，分开的。",
    ),
    (
        "空调",
        "不制冷",
        "油烟机",
        "灯不亮",
        "c 空调不制冷，你们那边先记着。哎对了老公说烟机的照明灯坏了。",
        "a 好的，油烟机照明灯，也记上了。",
    ),
)
"""(main, its fault, second, its fault, turns): "" where nothing is told, or nothing is asked of it here."""


@pytest.mark.parametrize("case", REPORTED)
def test_two_that_are_reported_are_two_orders(case: tuple[str, ...]) -> None:
    """Counted, listed, added, or taken up by the agent: each has its own symptom."""
    thing, fault, other_thing, other_fault, *lines = case
    main, other = told(*lines)
    assert (main.get("appliance"), main.get("fault", "")) == (thing, fault)
    assert other.get("appliance") == other_thing
    assert not other_fault or other["fault"] == other_fault


ONLY_MENTIONED: tuple[tuple[str, ...], ...] = (
    ("c 洗衣机响得像拖拉机一样，比楼下邻居家的空调外机还响。",),
    ("c 我家冰箱不制冷了，邻居家那台冰柜去年也是这样。",),
    (
        "c 热水器打不着火。",
        "a 燃气灶能正常点火吗？",
        "c 灶可以点着，没问题。",
    ),
    (
        "c 热水器打不着火。",
        "a 燃气灶呢？",
        "c 灶是好的，能打着。",
    ),
    ("c 上次你们来修的洗衣机还行，这次是空调不制冷。",),
    ("c 空调一开，电视就闪一下，空调也不凉。",),
    ("c 烘干机要装，叠在洗衣机上面，洗衣机不用动。",),
    ("c 冰箱漏水，把旁边洗衣机的插座都弄湿了。",),
    ("c 我要报修洗衣机，不是烘干机，洗衣机不脱水。",),
    (
        "c 空调不制冷。",
        "a 是空调还是冰箱？",
        "c 空调。",
    ),
    ("c 我家电视黑屏，冰箱空调都好好的，就电视没电。",),
    ("c 热水器不加热，洗衣机、空调这些用电都正常。",),
    ("c 以前家里那台空调用了十年没坏，这台新空调半年就不制冷。",),
    ("c 洗碗机不排水，碗都拿出来放消毒柜里了。",),
    ("c 电饭煲煮不熟饭，我现在用微波炉热饭吃。",),
    ("c 集成灶的油烟机那块吸力小，灶倒是正常。",),
    ("c 冰箱不制冷，菜都放到我妈家冰箱里去了。",),
    ("c 空调遥控器没反应，拿电视遥控器试电池是好的。",),
    (
        "c 洗衣机脱水响。",
        "a 还有其他电器要看吗？",
        "c 没有了，就洗衣机。",
    ),
    ("c 跟我同事家买的热水器一样的型号，他那个没事，我这热水器老跳闸。",),
    ("c 净水器漏水，都流到冰箱底下了。",),
    ("c 油烟机不转了，消毒柜还有空气净化器这些都不是你们家的，不用管。",),
    (
        "c 空调不制冷。",
        "a 好的，冰箱要不要也一起保养？",
        "c 不用，就修空调。",
    ),
    ("c 热水器漏水，洗衣机没法用了，因为总阀关了。",),
    ("c 我想问一下洗衣机怎么清洗，另外你们空调卖多少钱？",),
    ("c 插座一插空调就跳闸，插冰箱就没事。",),
    ("c 扫地机卡在冰箱底下出不来，现在不回充了。",),
    ("c 洗衣机门打不开，里面还有电视遥控器呢。",),
    ("c 我家壁挂炉不出热水，暖气片也不热，以前用的热水器从来没这问题。",),
    (
        "c 洗衣机漏水。",
        "a 是洗衣机漏水还是旁边净水器漏水？",
        "c 洗衣机漏的，净水器没漏。",
    ),
    (
        "c 洗衣机漏水。",
        "a 您家热水器没问题吧？",
        "c 热水器没事。",
    ),
    ("c 我家空调跟冰箱一样，都是你们海尔的，空调不制冷了。",),
    ("c 冰箱买的时候送了个电饭煲，现在冰箱不制冷了。",),
    ("c 空调不制冷，开了半天，电视都看不下去。",),
    ("c 燃气热水器打不着，天然气有，灶能用。",),
    ("c 我把冰箱里东西都挪到冰柜了，冰箱彻底不制冷。",),
    ("c 热水器漏水，滴到洗衣机上了。",),
    ("c 油烟机吸力小，炒菜的时候，燃气灶一开烟就满屋。",),
    ("c 扫地机器人老卡在洗衣机底下，不回充。",),
    ("c 你们上个月来修过热水器，今天我是报空调的修，不制热。",),
    ("c 电视没声音，音响接冰箱那个插座试过也不行。",),
    ("c 洗碗机不启动，同一个插座插微波炉是好的。",),
    ("c 空调开着的时候冰箱就跳闸，单开冰箱没事，应该是空调的问题，空调漏电。",),
    ("c 净水器不出水，饮水机那边也喝不上水了。",),
    ("c 我要退一台电视，当时跟冰箱一起买的，冰箱没问题，电视花屏。",),
    ("c 热水器不热，洗澡的时候浴室里空调、浴霸开着呢。",),
    ("c 洗衣机买了三年不脱水，同时买的冰箱都没坏过。",),
    (
        "a 请问是洗衣机还是烘干机？",
        "c 洗衣机，不脱水。",
    ),
    (
        "c 冰箱不制冷。",
        "a 冰箱压缩机响吗，有没有像洗衣机那种声音？",
        "c 不响。",
    ),
    ("c 空调师傅昨天来修过热水器，现在热水器还是不热。",),
    ("c 洗烘一体的那个洗衣机，烘干不行，洗没问题。",),
    ("c 烤箱不加热，微波炉倒是能用，先凑合。",),
    ("c 我想修空调，电视以后再说。",),
    (
        "c 空调不制冷。",
        "a 好的。另外提醒您油烟机也需要定期清洗，要预约吗？",
        "c 不用了，谢谢。",
    ),
    (
        "c 空调不制冷。",
        "a 好的。您名下还有一台洗衣机，也是我们的，使用正常吗？",
        "c 正常的，没问题。",
    ),
    ("c 热水器的插头坏了，暂时用洗衣机那个插座。",),
    ("c 冰箱不制冷，问问你们能不能以旧换新换台冰柜。",),
    (
        "c 我要报装，空调到了，两台挂机一台柜机。",
        "a 好的，型号报一下？",
        "c 柜机是 K F R 七二 L W，挂机都是 K F R 二六 G W。",
    ),
    (
        "c 集成灶不打火了，集成灶的消毒柜那部分也不加热。",
        "a 是集成灶一体的对吧？",
        "c 对，一体的。",
    ),
)


@pytest.mark.parametrize("lines", ONLY_MENTIONED)
def test_an_appliance_that_is_only_mentioned_is_no_order(lines: tuple[str, ...]) -> None:
    """Neighbours', compared, one of long ago, what stands beside, what works or is not wanted."""
    assert "second_ticket" not in fields(HELLO, *lines, *PLACE)


OF_EACH: tuple[tuple[dict[str, Any], dict[str, Any], tuple[str, ...]], ...] = (
    (
        {
            "brand": "小天鹅",
            "fault": "不脱水",
            "onset": "2026-11-17",
            "model": "TD100V14",
            "purchase_date": "2023",
            "error_code": None,
        },
        {
            "brand": "美的",
            "fault": "不点火",
            "onset": "2026-11-09",
            "model": "JSQ30",
            "purchase_date": "2023",
            "in_warranty_claim": False,
            "error_code": "E1",
        },
        (
            "c 洗衣机跟热水器都坏了，洗衣机是小天鹅的，热水器是美的的。",
            "a 洗衣机怎么了？",
            "c 昨天开始不脱水。",
            "a 热水器呢？",
            "c 上周一就打不着火了，屏上 E 幺。",
            "a 型号报一下，先洗衣机。",
            "c T D 幺零零 V 幺四。",
            "a 热水器型号呢？",
            "c J S Q 三零。",
            "a 买了多久？",
            "c 都是二三年买的。",
            "a 在保吗？",
            "c 洗衣机在保，热水器过保了。",
        ),
    ),
    (
        {"model": "KFR35GW", "onset": "2026-11-16", "purchase_date": "2025-06", "in_warranty_claim": True},
        {"model": "BCD501", "purchase_date": "2022-05"},
        (
            "c 空调漏水，前天开始的，还有冰箱灯不亮，是上个月的事了。",
            "a 空调型号？",
            "c K F R 三五 G W。",
            "a 冰箱的呢？",
            "c B C D 五零一。",
            "a 冰箱什么时候买的？",
            "c 二二年五月。",
            "a 空调呢？",
            "c 空调是去年六月装的，还在保修期。",
        ),
    ),
    (
        {"model": "CXW270", "safety": None, "intermittent": None},
        {"safety": "none", "intermittent": True, "model": None},
        (
            "c 油烟机声音大，灶也打不着火。",
            "a 油烟机型号？",
            "c C X W 二七零。",
            "a 燃气灶有没有闻到燃气味？",
            "c 没有味道。",
            "a 灶是偶尔打不着还是一直？",
            "c 有时候能着有时候不行。",
        ),
    ),
    (
        {"onset": "2026-11-14", "error_code": None},
        {"onset": "2026-11-14", "error_code": "E3"},
        (
            "c 两台机器，一台空调不制冷，一台洗衣机不排水，都是上周六开始的。",
            "a 有显示代码吗？",
            "c 洗衣机报 E 三，空调没有。",
        ),
    ),
    (
        {"brand": "美的", "purchase_date": "2021-03", "error_code": None},
        {"brand": "华凌", "error_code": "P6"},
        (
            "c 冰箱不制冷，美的的。",
            "a 什么时候买的？",
            "c 二一年三月。",
            "a 好的。",
            "c 对了还有个空调，华凌的，也不制冷，去年夏天才装的。",
            "a 好的，空调也给您登记了。空调有代码吗？",
            "c 闪的是 P 六。",
            "a 冰箱有代码吗？",
            "c 冰箱没有。",
        ),
    ),
    (
        {"model": "65E7", "in_warranty_claim": False},
        {"model": None, "in_warranty_claim": False},
        (
            "c 电视黑屏了，洗衣机漏水。",
            "a 电视型号看得到吗？",
            "c 背面贴着，六五 E 七。",
            "a 洗衣机的型号？",
            "c 看不清，磨掉了。",
            "a 都在保修期内吗？",
            "c 都过保了。",
        ),
    ),
    (
        {"service_type": "install", "model": "F60A20", "fault": None},
        {"service_type": "repair", "fault": "不排水", "model": None},
        (
            "c 热水器要装，洗碗机要修。",
            "a 洗碗机什么问题？",
            "c 排不出水。",
            "a 热水器型号？",
            "c F 六零 A 二零。",
        ),
    ),
    (
        {"service_type": "maintenance", "fault": None, "onset": None},
        {"service_type": "repair", "fault": "漏水", "onset": "2026-11-15"},
        (
            "c 空调要清洗保养，净水器漏水了。",
            "a 净水器漏多久了？",
            "c 三天了。",
        ),
    ),
    (
        {"service_type": "return_exchange", "fault": "煮不熟"},
        {"service_type": "repair", "fault": "不加热"},
        ("c 我要退货，上周买的电饭煲煮不熟，另外那个微波炉也坏了要修，不加热。",),
    ),
    (
        {"purchase_date": "2025-11-11", "fault": "不制热"},
        {"purchase_date": "2025-11-11", "fault": "结冰结霜"},
        ("c 空调和冰箱是一块买的，去年双十一，现在空调不制热，冰箱结冰。",),
    ),
    (
        {"fault": "漏水", "safety": None},
        {"fault": "漏电", "safety": "electric_shock", "urgency": "critical"},
        ("c 客厅空调漏水，热水器漏电，手一碰就麻。",),
    ),
    (
        {
            "appliance": "冰柜",
            "brand": "海尔",
            "fault": "不制冷",
            "onset": "2026-11-14",
            "purchase_date": "2025-03",
            "in_warranty_claim": True,
            "intermittent": None,
        },
        {
            "appliance": "洗衣机",
            "brand": "小天鹅",
            "fault": "中途停机",
            "purchase_date": "2019",
            "intermittent": True,
            "in_warranty_claim": None,
        },
        (
            "c 您好，我爸妈家里两个电器出问题了，您给登记一下。",
            "a 好的，都是什么电器？",
            "c 一个冰柜，一个波轮洗衣机。",
            "a 冰柜是什么情况？",
            "c 冰柜不制冷，里面的饺子全化了，上礼拜六开始的。",
            "a 洗衣机那边是什么毛病？",
            "c 洗衣机老是洗到一半自己停了，有时候又能洗完。",
            "a 洗衣机这个情况多久了？",
            "c 有一个多月了。",
            "a 两台都是海尔吗？",
            "c 冰柜海尔的，洗衣机是小天鹅。",
            "a 洗衣机哪年买的？",
            "c 一九年。",
            "a 冰柜呢？",
            "c 冰柜去年三月买的，还在保修期里头呢。",
        ),
    ),
    (
        {"service_type": "maintenance", "appliance": "油烟机", "model": "CXW280", "fault": None, "safety": None},
        {"service_type": "repair", "appliance": "燃气灶", "fault": "打不着火", "model": "JZTQ50", "safety": "none"},
        (
            "c 油烟机我想预约个清洗，用了三年没洗过。",
            "a 好的，油烟机清洗。型号知道吗？",
            "c C X W 二八零。",
            "a 还有别的吗？",
            "c 对了，顺便把灶也修一下，打不着火，电池换了也没用。",
            "a 好的，燃气灶有闻到燃气味吗？",
            "c 没闻到。",
            "a 燃气灶型号呢？",
            "c J Z T，Q 五零。",
        ),
    ),
    (
        {"service_type": "progress", "appliance": "洗碗机", "fault": "漏水"},
        {"service_type": "repair", "appliance": "冰箱", "fault": "门封不严"},
        (
            "c 洗碗机漏水，我报过修的，单号是 B S 二零二六零九零三，你们一直没来。",
            "a 我帮您催一下。",
            "c 还有冰箱，冰箱是新毛病，门关不严了。",
            "a 好的，冰箱给您另外建单。",
        ),
    ),
    (
        {"appliance": "热水器", "error_code": "E4", "purchase_date": "2023-10", "onset": None},
        {"appliance": "壁挂炉", "error_code": "F5", "onset": "2026-11-17", "purchase_date": None},
        (
            "c 热水器报 E 四，打不着火。",
            "a 热水器 E 四，用了几年？",
            "c 三年，二三年十月买的。",
            "a 还有其他问题吗？",
            "c 壁挂炉也有点问题，压力老掉，昨天开始的，显示 F 五。",
            "a 壁挂炉掉压，F 五，一起登记。",
        ),
    ),
    (
        {"appliance": "电视", "fault": "黑屏", "onset": "2026-11-16", "model": "65T7G"},
        {"appliance": "空调", "fault": "不制冷", "model": None},
        (
            "c 电视跟空调，电视是开机没画面有声音，空调嘛是制冷效果差。",
            "a 电视黑屏多久了？",
            "c 前天晚上开始的。",
            "a 空调呢？",
            "c 空调一整个夏天都这样。",
            "a 电视型号？",
            "c 六五 T 七 G。",
            "a 空调型号看得到吗？",
            "c 太高了看不见。",
        ),
    ),
)
"""Fields of the main order, of the second, and the turns."""


@pytest.mark.parametrize(("main", "other", "lines"), OF_EACH)
def test_each_order_has_what_was_said_of_its_appliance(
    main: dict[str, Any], other: dict[str, Any], lines: tuple[str, ...]
) -> None:
    """Maker, model, code, symptom, dates, warranty and danger belong to the appliance that is spoken of, or to both."""
    first, second = told(*lines)
    assert {name: first.get(name) for name in main} == main
    assert {name: second.get(name) for name in other} == other


def test_a_danger_of_the_second_appliance_alarms_all_the_same() -> None:
    """The alert and the priority are those of the call, whichever appliance it is."""
    result = call(HELLO, "c 空调漏水，热水器漏电，手一碰就麻。", *PLACE)
    assert [alert.kind for alert in result.alerts] == ["electric_shock"]
    assert result.suggested_priority == "critical"


TWINS: tuple[tuple[str, ...], ...] = (
    ("不制冷", "漏水", "c 家里两台空调，客厅那台不制冷，主卧那台漏水。"),
    ("不制冷", "漏水", "c 空调不制冷。", "a 好的，还有别的吗？", "c 楼上还有一台空调，滴水，一起看。"),
    ("不制冷", "门封不严", "c 两台冰箱，一台不制冷，一台门关不严。"),
    ("结冰结霜", "不制冷", "c 我店里两台冰柜都有问题，大的那台结霜，小的那台不制冷。"),
    ("漏水", "异味", "c 空调漏水。", "a 好的，另一台呢？", "c 另一台是吹出来一股怪味。"),
    ("不点火", "漏水", "c 二楼的热水器打不着火，三楼那台热水器漏水。"),
)
"""Fault of the main one, of the other one of the same kind, and the turns."""


@pytest.mark.parametrize("case", TWINS)
def test_two_of_a_kind_with_their_own_symptoms_are_two_orders(case: tuple[str, ...]) -> None:
    """Told apart by where they stand, or counted."""
    fault, other_fault, *lines = case
    main, other = told(*lines)
    assert (main["fault"], other["fault"]) == (fault, other_fault)
    assert main["appliance"] == other["appliance"]


def test_models_of_two_of_a_kind_go_by_where_they_stand() -> None:
    """The agent's 书房那台呢 is about that one."""
    main, other = told(
        "c 客厅那台空调不凉了，书房那台开不了机。",
        "a 客厅的型号？",
        "c K F R 七二。",
        "a 书房那台呢？",
        "c K F R 三五。",
    )
    assert (main["model"], other["model"]) == ("KFR72", "KFR35")


ONE_OF_A_KIND: tuple[tuple[str, ...], ...] = (
    ("c 家里两台空调都不制冷。",),
    ("c 客厅那台空调不制冷，卧室那台是好的。",),
    ("c 卧室空调漏水，漏到客厅那边去了。",),
    ("c 空调不制冷，去年客厅那台也是这样，换过压缩机。",),
    ("c 客厅的电视没声音，遥控器在卧室。",),
    ("c 空调不制冷，是挂机，卧室那台，一开就响。",),
    ("c 两台空调要清洗，客厅一台，卧室一台。",),
    ("c 老的那台空调拆掉，新的那台装上。",),
    (
        "c 冰箱不制冷。",
        "a 冷藏室还是冷冻室？",
        "c 冷冻那个抽屉里结冰，冷藏那边漏水。",
    ),
    ("c 热水器打不着火，厨房那台，在一楼的，滴水。",),
    ("c 空调不制冷，还有一个问题，遥控器没反应。",),
)


@pytest.mark.parametrize("lines", ONE_OF_A_KIND)
def test_rooms_alone_make_no_second_order(lines: tuple[str, ...]) -> None:
    """One symptom of both, one that is fine, one of long ago, places of one machine."""
    assert "second_ticket" not in fields(HELLO, *lines, *PLACE)


def test_an_appliance_that_the_agent_does_not_do_leaves_the_call_to_the_other() -> None:
    """冰箱不是我们的产品: the call is about the dishwasher, which has a symptom."""
    main, other = told(
        "c 冰箱坏了归不归你们管？",
        "a 冰箱不是我们的产品，要联系冰箱厂家。",
        "c 哦。那我说洗碗机，洗完不排水。",
    )
    assert (main["appliance"], main["fault"], other) == ("洗碗机", "不排水", {})


def test_one_that_is_not_sold_after_all_is_reported() -> None:
    """我就不卖了 declines no repair."""
    main, other = told("c 我那旧冰箱不制冷了，能修我就不卖了。还有个洗衣机不排水，一并看看。")
    assert (main["appliance"], other["appliance"]) == ("冰箱", "洗衣机")
