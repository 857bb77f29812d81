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


SINCE_ANSWERS = [
    # days in many words
    "什么时候开始的|昨儿半夜|2026-11-17",
    "什么时候开始的|昨个后晌|2026-11-17",
    "什么时候开始的|大前儿吧|2026-11-15",
    "什么时候开始的|礼拜六夜里|2026-11-14",
    "什么时候开始的|上个周末，周六那天|2026-11-14",
    "什么时候开始的|我算算啊，今天礼拜三，应该是礼拜一|2026-11-16",
    "什么时候开始的|早上起来就这样了|2026-11-18",
    "什么时候开始的|刚起床那会儿，七点多钟|2026-11-18",
    "什么时候开始的|我闺女周六回来发现的|2026-11-14",
    "什么时候开始的|我记得是九号，那天停了一下午电|2026-11-09",
    # the first of several days that are told, put right or not
    "什么时候开始的|昨天，哦不，前天晚上|2026-11-16",
    "什么时候开始的|前天有一下，我以为看错了，今天又来了|2026-11-16",
    "什么时候开始的|昨天晚上有一点点，今天早上更厉害了|2026-11-17",
    "什么时候开始的|上回十月八号修好的，这回是十五号又坏的|2026-11-15",
    "什么时候开始的|师傅上周五来修的，好了两天，前天又不转了|2026-11-16",
    "什么时候开始的|昨晚还是好的，今早一按就不动了，所以就今天|2026-11-18",
    # so many days, and about so long
    "多久了|三天了|2026-11-15",
    "多久了|四天了，加上今天|2026-11-15",
    "几天了|今天都第四天了|2026-11-15",
    "什么时候开始的|五天前|2026-11-13",
    "多久了|半个钟头吧|2026-11-18",
    "多久了|大概三天|约三天前",
    "多久了|十天左右|约十天前",
    "多久了|一个礼拜吧|约一个礼拜前",
    "多久了|将近一个星期|约一个星期前",
    "多久了|个把礼拜吧|个把礼拜前",
    "多久了|小半年了都|小半年前",
    "多久了|一两个月了|一两个月前",
    "多久了|头十天了|约十天前",
    # without a day
    "什么时候开始的|月初吧|2026-11",
    "什么时候开始的|上月底|2026-10",
    "什么时候开始的|过完年吧，上个月，哪天没记|2026-10",
    "什么时候开始的|国庆那几天|国庆那几天",
    "什么时候开始的|国庆在家那几天，十月五号早上|2026-10-05",
    "什么时候开始的|从十一那会儿就有点了|十一那会儿",
    "什么时候开始的|今年夏天就有点了|今年夏天",
    "什么时候开始的|腊月头上|腊月头上",
    "什么时候开始的|头两天吧|头两天",
    "什么时候开始的|搬进来以后就这样|搬进来以后",
    "什么时候开始的|上回修完就没好过|上回修完",
    "什么时候开始的|那次停完电以后就这样了|那次停完电以后",
    "什么时候开始的|有一阵子了|有一阵子",
    "多久了|有日子了，记不清|有日子",
    "什么时候开始的|我哪记得|-",
    "什么时候开始的|不清楚，我也是刚接手|-",
    # guesses of the agent's
    "是今天才这样的吗|不是，昨天就有了|2026-11-17",
    "是前几天开始的吗|租客说是这周一|2026-11-16",
    "这个情况是今天才有的吗|今天早上，九点来钟|2026-11-18",
    "是昨天晚上才这样的，对吧|对|2026-11-17",
    "今天第一次出现吗|对，头一次|2026-11-18",
    "昨天用的时候正常吗|昨天就不正常了|2026-11-17",
    "是每次都这样吗|前天有一下，昨天没有，今早又来了|2026-11-16",
    # other questions
    "什么时候买的？什么时候坏的|上个月买的，昨天坏的|2026-11-17",
    "滤网清洗过吗|前天洗过一次|-",
    "什么时候报修的|昨天打的电话|-",
    "时间您定|六号到八号人少，七号吧，从早上开始|-",
    "明天下午有空吗|今天我不在家，后天上午吧|-",
    "用了多少年了|去年中秋是十月六号，才过了两天|-",
]


@pytest.mark.parametrize("line", SINCE_ANSWERS)
def test_an_answer_tells_since_when(line: str) -> None:
    """Question|answer|onset: a date where it follows from the words, else the words; of other questions none."""
    question, answer, since = line.split("|")
    assert fields(HELLO, FAULT, f"a {question}？", f"c {answer}。").get("onset", "-") == since


SINCE_OPENINGS = [
    "美的热水器，前天开始就不热|2026-11-16",
    "我家油烟机这两天吸力特别小|这两天",
    "洗衣机这几天脱水声音特别大|这几天",
    "冰箱不制冷两天了，东西全坏了|2026-11-16",
    "三天前热水器就开始漏电，一摸就麻|2026-11-15",
    "壁挂炉坏了一个星期了，都快冻死了|约一个星期前",
    "一入冬壁挂炉就老熄火|入冬后",
    "自从换了滤芯以后，净水器就不出水|换了滤芯以后",
    "电视正看着呢突然黑屏了，就刚才|2026-11-18",
    "洗衣机不转了，昨天晚上的事|2026-11-17",
    "上礼拜六洗衣机甩干的时候咣咣响，今天干脆不转了|2026-11-14",
    "上周六才买的冰箱，昨天开始不制冷|2026-11-17",
    "昨天停了会儿电，来电以后冰箱就不启动了|2026-11-17",
    "饮水机不出热水了，昨天还好好的|2026-11-18",
    "空调不制冷，大厅今天早上一点冷气都没有|2026-11-18",
    # errands, deliveries, wishes and alarms
    "昨天约的师傅今天还没来，空调不热|-",
    "我三天前打过电话，热水器漏水，没人管|-",
    "我等了三天了没人来修，冰箱不制冷|-",
    "扫地机寄修都九天了，还不充电，修得怎么样了|-",
    "我明天要出差，今天能来吗，马桶盖漏水|-",
    "电视报修半个月了，今天就不能来吗，花屏|-",
    "昨天收到货，今天打开一看门上有道划痕|-",
    "空调去年修过一次，现在又不制冷了|-",
    "喂，我家烤箱刚刚冒烟了，一股焦味|-",
    "每天早上热水器都打不着火|-",
]


@pytest.mark.parametrize("line", SINCE_OPENINGS)
def test_an_opening_tells_since_when(line: str) -> None:
    """Opening|onset: trouble is dated, errands, deliveries and wishes are not."""
    words, since = line.split("|")
    assert fields(HELLO, f"c {words}。", "a 好的，地址说一下？").get("onset", "-") == since


def test_a_question_stands_until_it_is_answered() -> None:
    """嗯……, 大概就行, 前天吧: the answer to the question before."""
    assert fields(HELLO, FAULT, SINCE, "c 嗯……", "a 大概就行。", "c 前天吧。")["onset"] == "2026-11-16"


def test_a_later_word_puts_the_beginning_right() -> None:
    """昨天 read back and denied: the day of the denial."""
    talk = (HELLO, FAULT, SINCE, "c 昨天。", "a 昨天开始的，是吗？", "c 不对，是前天。")
    assert fields(*talk)["onset"] == "2026-11-16"


def test_two_faults_of_one_breath_keep_their_days() -> None:
    """两样东西 with a beginning each, told in one answer."""
    talk = ("a 您好。", "c 你好，空调漏水，还有洗衣机也不脱水。", SINCE, "c 空调是前天开始的，洗衣机昨天坏的。")
    found = fields(*talk)
    assert (found["onset"], found["second_ticket"]["onset"]) == ("2026-11-16", "2026-11-17")


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
