"""What is wanted against words by the way, the beginning against other days, and what makes a call urgent."""

from __future__ import annotations

import pytest

from tests.unit.nlp.calls import fields

KINDS = [
    # the answer to the agent's question which of two it is
    (
        "install",
        ("a 您好，请问是安装还是报修？", "c 安装，新房刚交，热水器的，那个旧的坏了早扔了，师傅来的时候再看看。"),
    ),
    ("maintenance", ("a 请问您是报修还是清洗？", "c 清洗，油烟机，油都滴下来了。还有个灶，打不着火，顺便给修一下。")),
    ("repair", ("a 请问是要安装还是维修？", "c 维修，热水器，去年搬家的时候装的，现在不出热水。")),
    ("maintenance", ("a 您是保养还是报修呢？", "c 做保养的，壁挂炉，用了三年了，冬天也坏过一回。")),
    # when it was installed
    ("repair", ("a 您好。", "c 空调，去年搬家时候装的，现在不制冷。")),
    ("install", ("a 您好。", "c 我要搬家，空调得拆了装到新家去。")),
    # an enquiry about cover or use
    (
        "enquiry",
        ("a 您好。", "c 我想问问洗碗机那个滤网，是不是要每天拿出来冲？", "a 每周一次。", "c 要是泵坏了保不保？"),
    ),
    ("enquiry", ("a 您好。", "c 你好，问问冰箱，压缩机万一坏了是保十年吧？", "a 是的。", "c 好，知道了，再见。")),
    ("repair", ("a 您好。", "c 我想问问，我家冰箱不制冷了，能不能派个师傅来看看？")),
    ("repair", ("a 您好。", "c 热水器刚清洗完就打不着火了。")),
    ("maintenance", ("a 您好，是报修吗？", "c 不报修，家里空调要洗，三台。")),
    ("progress", ("a 您好。", "c 我那台电视修得怎么样了？送过去好几天了。")),
    # a complaint that is one
    (
        "complaint",
        (
            "a 您好。",
            "c 我要投诉，冰箱修了三回又不制冷了，你们行不行啊？",
            "a 给您登记投诉，师傅明天上门再检测。",
            "c 行。",
        ),
    ),
    (
        "repair",
        ("a 您好。", "c 冰箱又不制冷了，给我修好，再修不好我就要投诉了。", "a 给您登记维修，师傅明天到。", "c 行。"),
    ),
    # a repair accepted after a refused return
    (
        "repair",
        (
            "a 您好。",
            "c 这个电饭煲我要退货，不加热。",
            "a 过了七天，退不了，可以修。",
            "c 退不了啊？算了，修就修吧。",
            "a 好，给您登记维修。",
        ),
    ),
    (
        "repair",
        (
            "a 您好。",
            "c 电视花屏，给我退了。",
            "a 超期了，只能保修。",
            "c 我不想修。",
            "a 免费换屏。",
            "c 那好吧，那就修。",
            "a 给您安排维修。",
        ),
    ),
    (
        "return_exchange",
        ("a 您好。", "c 电视花屏，给我退了。", "a 只能先给您维修。", "c 我不修，我就要退。", "a 好，给您登记退货。"),
    ),
    # the same fault again, in spite of a repair: no question how far the old order is
    (
        "repair",
        (
            "a 您好。",
            "c 热水器上回报过修，师傅讲好的没问题，现在还是老样子，打不着火。",
            "a 上次工单号有吗？",
            "c R S 二二零一八。",
        ),
    ),
    (
        "repair",
        ("a 您好。", "c 上个月报修过一回，来人换了个阀，洗衣机照样漏水。", "a 上回的工单号？", "c 五五零二七七。"),
    ),
    (
        "progress",
        ("a 您好。", "c 上个礼拜报修过洗衣机，到现在也没人来，还是漏水。", "a 工单号？", "c 五五零二七七。"),
    ),
]


@pytest.mark.parametrize(("kind", "lines"), KINDS)
def test_what_is_wanted_outweighs_words_by_the_way(kind: str, lines: tuple[str, ...]) -> None:
    """A wish said outright counts for more than what was installed, repaired or broken before, or might break."""
    assert fields(*lines)["service_type"] == kind


HELLO, FAULT, SINCE = "a 您好，美的。", "c 我家洗衣机不脱水。", "a 从什么时候开始的？"
BEGINNINGS = [
    ("2026-11-13", (HELLO, FAULT, "a 从哪天开始的？", "c 上礼拜五，那天停过一回电，完了就不转了。")),
    ("2026-11-17", (HELLO, "c 昨晚我就感觉水有点凉，今天热水器干脆不加热了。")),
    ("2026-11-16", (HELLO, "c 前天晚上就听见它嗡嗡响，今天洗衣机不转了。")),
    ("一个来月前", (HELLO, "c 洗衣机最近老是响。", "a 多久了？", "c 得有一个来月了吧。")),
    ("十多天前", (HELLO, FAULT, "a 持续多久了？", "c 有十多天了，他昨天才告诉我。")),
    (None, (HELLO, FAULT, "a 什么时候买的？", "c 去年五一，才一年半。")),
    ("2026-11-18", (HELLO, "c 洗衣机漏水，今天早上定时洗的，我起来一看满地都是水。")),
    ("2026-11-18", (HELLO, "c 洗衣机不脱水了，今早洗的时候还没事，晾衣服一看就这样了。")),
    (None, (HELLO, "c 昨天报修的洗衣机，今天早上它自己好了，不用来了。")),
    (None, (HELLO, "c 报修的洗衣机又好了，昨天晚上自己恢复的，帮我取消。")),
    (None, (HELLO, "c 我退的洗衣机，寄到都一个星期了，钱还没退。")),
    (None, (HELLO, "c 洗衣机退货，你们收到货都半个月了，退款呢？")),
    ("2026-11-17", (HELLO, "c 昨天夜里我家热水器一打开就冒了一股黑烟，后来就开不了机了。")),
    ("2026-10-01", (HELLO, "c 洗衣机今天转明天又不转。", "a 什么时候开始的？", "c 国庆那天家里来人，才发现不脱水了。")),
    ("2026-11-16", (HELLO, "c 前天还好着呢，半夜洗衣机就不脱水了。")),
    (None, (HELLO, "c 洗衣机上个月刚修过，又不脱水了。")),
]


@pytest.mark.parametrize(("since", "lines"), BEGINNINGS)
def test_the_beginning_is_the_first_sign(since: str | None, lines: tuple[str, ...]) -> None:
    """The trouble began with its first sign; purchases, repairs, parcels and recoveries are no beginning."""
    assert fields(*lines).get("onset") == since


URGENT = [
    ("critical", ("c 冰箱插头那儿冒了一股白烟，呛得很。",)),
    ("critical", ("c 烤箱里头冒出一阵烟来。",)),
    ("critical", ("c 洗衣机漏水，楼下的上来敲门了，说他家顶上在滴。",)),
    ("critical", ("c 热水器漏水，楼下邻居说他们家天花板一直滴水。",)),
    (None, ("c 油烟机不吸烟，满屋子烟。",)),
    ("high", ("c 急事，冰箱不制冷了。",)),
    ("high", ("c 洗衣机门打不开。", "a 夜间上门要加五十加急费，您接受吗？", "c 接受，能来就行。")),
    (None, ("c 洗衣机门打不开。", "a 夜间上门要加五十加急费，您接受吗？", "c 那算了，明天吧。")),
    ("high", ("c 洗衣机门打不开。", "a 明天上午。", "c 别再拖了，一次给我弄好。")),
    (None, ("c 洗衣机退货的钱怎么还没到？", "a 我帮您催财务。", "c 每回都说帮我催，钱呢？")),
    (None, ("c 我来催一下洗衣机的退款，钱到哪了？",)),
    ("high", ("c 我来催一下，洗衣机什么时候来修？",)),
    (None, ("c 洗衣机门打不开。", "a 要标加急吗？", "c 不用加急。")),
]


@pytest.mark.parametrize(("urgency", "lines"), URGENT)
def test_danger_presses_and_a_refund_does_not(urgency: str | None, lines: tuple[str, ...]) -> None:
    """Smoke and water in another flat are critical, haste is high, money outstanding is neither."""
    assert fields(HELLO, *lines).get("urgency") == urgency


def test_a_model_ends_where_the_next_words_begin() -> None:
    """一大串 is no digit of the model, and a make read back after an order's number is no part of it."""
    rest = fields(HELLO, "c 空调不制冷。", "a 型号念一下。", "c K F R 三五 G W，后面还有一长串，不念了。")
    assert rest["model"] == "KFR35GW"
    read = fields(
        "a 您好，L G 电子。",
        "c 冰箱不制冷，催一下。",
        "a 单号？",
        "c K 二二零七一五四三。",
        "a  K 二二零七一五四三，L G 冰箱，对吗？",
        "c 对。",
    )
    assert (read["prior_ticket"], read.get("model")) == ("K22071543", None)
    old = fields(
        HELLO,
        "c 冰箱修过还是不制冷。",
        "a 上次的工单号有吗？",
        "c 有，B X 四四零七二。",
        "a  B X 四四零七二。具体什么现象？",
        "c 不凉。",
    )
    assert (old["prior_ticket"], old.get("model")) == ("BX44072", None)


def test_codes_of_digits_before_a_letter_and_of_three_digits() -> None:
    """二二 C and E 幺零五 are codes of faults."""
    for said, code in (("四零 C，上回是四一 C", "40C"), ("报个错误 E 二零六", "E206")):
        found = fields(HELLO, "c 冰箱不制冷。", "a 屏幕上有代码吗？", f"c 有，{said}。")
        assert (found.get("error_code"), found.get("model")) == (code, None)


def test_how_a_surname_is_written_is_no_name() -> None:
    """干勾于 explains the 于."""
    for told, name in (("姓于，干勾于。", "于先生"), ("姓章，立早章。", "章先生"), ("姓吴，口天吴。", "吴先生")):
        last = fields(HELLO, FAULT, "a 您贵姓？", f"c {told}", f"a {name}，明天上午可以吗？", "c 可以。")
        assert last["customer_name"] == name
    assert (
        fields(HELLO, FAULT, "a 电话也是幺三六八五三九零零二七？", "c 是，我姓臧。")["contact_phone"] == "13685390027"
    )
