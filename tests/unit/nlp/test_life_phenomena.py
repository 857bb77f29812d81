"""What calls from all over the country showed: dates, claims, moods, codes; corrections; two appliances."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.nlp.calls import call, fields

HELLO, FAULT = "a 您好，海尔售后，请讲。", "c 我家海尔空调不制冷了。"
SINCE, WHEN, HOW_LONG = "a 什么时候开始的？", "a 机器什么时候买的？", "a 买了多久了？"
PLACE, NAME = "a 您的地址？", "a 您怎么称呼？"

CASES: list[tuple[str, object, tuple[str, ...]]] = [
    ("onset", "2026-11-16", (SINCE, "c 礼拜一开始的。")),
    ("onset", "2026-11-17", ("c 打昨儿后半晌起就不凉了。",)),
    ("onset", "2026-11-15", (SINCE, "c 上礼拜天吧，嗯。")),
    ("onset", "2026-11-11", (SINCE, "c 双十一那天就不行了。")),
    ("onset", "2026-11", (SINCE, "c 这个月初。")),
    ("onset", "三四天前", (SINCE, "c 有三四天了吧。")),
    ("onset", "一个多月前", ("c 这毛病有一个多月了。",)),
    ("onset", "2026-10", (SINCE, "c 从上个月就开始了，断断续续的。")),
    ("onset", "2026-11-18", ("c 今儿早上一起来就发现不转了。",)),
    ("onset", "2026-11-18", (SINCE, "c 就刚才。")),
    ("onset", "2026-11-17", ("c 昨天晚上用着用着就这样了。",)),
    ("onset", "2026-11-08", (SINCE, "c 立冬第二天，八号。")),
    ("onset", "约半个月前", ("a 这种情况持续多久了？", "c 快半个月了。")),
    ("onset", "2026-11-16", ("a 多久了？", "c 两天。")),
    ("onset", "去年冬天", (SINCE, "c 去年冬天就有点，今年更厉害了。")),
    ("onset", "2026-11-14", ("c 星期六就开始滴水，越来越厉害。",)),
    ("onset", "2026-11-13", (SINCE, "c 上周五。")),
    ("onset", "2026-11-16", ("c 前天开始，一打开就跳闸。",)),
    ("onset", "2026-11-10", (SINCE, "c 十号左右。")),
    ("onset", "2026-10-20", (SINCE, "c 十月二十号前后。")),
    ("onset", "最近", ("c 最近老是不凉。",)),
    ("onset", "前几天", (SINCE, "c 前几天吧。")),
    ("onset", None, ("c 你们昨天来的师傅没修好。",)),
    ("onset", None, ("c 用了五年了。",)),
    ("onset", None, ("c 我上周报的修。",)),
    ("onset", None, ("c 前天才洗过滤网。",)),
    ("purchase_date", "2024-11-11", (WHEN, "c 前年双十一。")),
    ("purchase_date", "2025", (HOW_LONG, "c 去年装修的时候买的。")),
    ("purchase_date", None, (HOW_LONG, "c 大概三四年了。")),
    ("purchase_date", "2023", (WHEN, "c 二三年。")),
    ("purchase_date", "2022-06-18", (WHEN, "c 二零二二年六一八抢的。")),
    ("purchase_date", "2026-03", (WHEN, "c 今年三月份。")),
    ("purchase_date", "2025-12", (WHEN, "c 去年年底。")),
    ("purchase_date", "2026-10-01", ("c 国庆节那天刚买的。",)),
    ("purchase_date", "2026-11-08", ("c 这个月八号才装上。",)),
    ("purchase_date", "2019-05-01", (WHEN, "c 一九年五一的时候。")),
    ("purchase_date", "2018", ("c 一八年的老机器了。",)),
    ("purchase_date", "2021-08-15", (WHEN, "c 二零二一年八月十五号，发票上写的。")),
    ("purchase_date", "2020", (WHEN, "c 好像是二零年，记不太清。")),
    ("purchase_date", "2026-10", ("c 上个月才买的。",)),
    ("purchase_date", "2024", (HOW_LONG, "c 前年买的吧。")),
    ("purchase_date", None, ("c 去年换过一次压缩机。",)),
    ("purchase_date", None, ("c 去年加过一次氟。",)),
    ("purchase_date", "2017", ("a 哪一年的机器？", "c 一七年搬家那会儿。")),
    ("purchase_date", "2026-07", (WHEN, "c 今年七月。")),
    ("in_warranty_claim", True, ("c 这个应该还在保修期吧？",)),
    ("in_warranty_claim", True, ("c 我买的时候说保修六年呢，肯定没过保。",)),
    ("in_warranty_claim", True, ("c 还没到三年呢，应该免费修吧。",)),
    ("in_warranty_claim", False, ("c 早就过保了。",)),
    ("in_warranty_claim", False, ("a 过保了，要收上门费。", "c 我知道过保了，收吧。")),
    ("in_warranty_claim", False, ("c 保修期都过了好几年了。",)),
    ("in_warranty_claim", True, ("c 我有延保的，还没到期。",)),
    ("in_warranty_claim", None, ("c 保修几年啊？",)),
    ("in_warranty_claim", None, ("c 过没过保我也不清楚。",)),
    ("in_warranty_claim", True, ("c 保修卡还在呢，没过期。",)),
    ("in_warranty_claim", False, ("c 质保到期了吧。",)),
    ("in_warranty_claim", True, ("c 不是说整机保修十年嘛，这才五年。",)),
    ("urgency", "high", ("c 麻烦你们快一点，家里有老人。",)),
    ("urgency", "high", ("c 今天能不能来？",)),
    ("urgency", "high", ("c 越早越好。",)),
    ("urgency", "high", ("c 能帮我加个急吗？",)),
    ("urgency", "high", ("a 后天可以吗？", "c 后天？太晚了，今天就来行不行？")),
    ("urgency", "high", ("c 店里等着用呢，耽误做生意。",)),
    ("urgency", "high", ("c 孩子才两个月，没热水怎么行，快点吧。",)),
    ("urgency", "high", ("c 你们尽快安排。",)),
    ("urgency", "high", ("c 麻烦优先给我安排一下。",)),
    ("urgency", "high", ("c 急，家里热得待不住人。",)),
    ("urgency", None, ("c 不着急，什么时候都行。",)),
    ("urgency", None, ("c 慢慢来，不赶时间。",)),
    ("urgency", None, ("a 什么时候方便？", "c 早点来的话我七点就在家。")),
    ("urgency", "critical", ("c 水都漏到楼下人家去了。",)),
    ("urgency", "critical", ("c 插头那里冒烟了。",)),
    ("sentiment_complaint", True, ("c 你们这什么服务啊，修了两次都没修好。",)),
    ("sentiment_complaint", True, ("c 气死我了，打了五个电话都没人管。",)),
    ("sentiment_complaint", True, ("c 这质量也太差了吧。",)),
    ("sentiment_complaint", True, ("c 用了不到半年就坏，以后再也不买你们家的了。",)),
    ("sentiment_complaint", True, ("c 都等了三天了还不来。",)),
    ("sentiment_complaint", True, ("c 我对你们的师傅很不满意。",)),
    ("sentiment_complaint", True, ("c 修一次坏一次，你们到底行不行？",)),
    ("sentiment_complaint", True, ("c 刚修好又坏了，烦不烦人。",)),
    ("sentiment_complaint", True, ("c 我要去消协告你们。",)),
    ("sentiment_complaint", True, ("c 新买的就出毛病，真倒霉，什么牌子啊。",)),
    ("sentiment_complaint", None, ("c 没事没事，辛苦你们了。",)),
    ("sentiment_complaint", None, ("c 你们的师傅上次挺好的。",)),
    ("sentiment_complaint", None, ("c 热死了，快来吧。",)),
    ("sentiment_complaint", None, ("c 不是投诉，就是想修一下。",)),
    ("intermittent", True, ("c 有时行有时不行。",)),
    ("intermittent", True, ("c 隔一会儿就这样，过会儿自己又好了。",)),
    ("intermittent", True, ("c 也不是老这样，偶尔来一下。",)),
    ("intermittent", True, ("c 时灵时不灵的。",)),
    ("intermittent", True, ("c 十回里有两三回。",)),
    ("intermittent", False, ("a 每次都这样吗？", "c 每次都这样。")),
    ("safety", "gas_smell", ("c 厨房里有股煤气味。",)),
    ("safety", "electric_shock", ("c 一摸外壳就被电了一下。",)),
    ("safety", "smoke", ("c 里面冒出一股黑烟，吓死人。",)),
    ("safety", "water_leak", ("c 水漏得满屋子都是，地板全泡了。",)),
    ("safety", "smoke", ("c 插座都烧糊了，有焦味。",)),
    ("safety", "none", ("a 有没有冒烟或者焦味？", "c 没有，都没有。")),
    ("service_type", "install", ("c 那个，我新买了一台，想让你们来装一下。",)),
    ("service_type", "maintenance", ("c 想约师傅上门深度清洗一下。",)),
    ("service_type", "repair", ("c 本来想退的，算了，先给我修吧。",)),
    ("service_type", "return_exchange", ("c 我不修，我要退货。",)),
    ("service_type", "progress", ("c 我前天报修的，怎么到现在没消息？",)),
    ("service_type", "complaint", ("c 我要投诉上门那个师傅，乱收我三百块钱。",)),
    ("error_code", "E6", ("c 面板上显示 E 六。",)),
    ("error_code", "F15", ("c 屏幕闪 F 一五。",)),
    ("error_code", "H3", ("a 有代码吗？", "c H 三。")),
    ("error_code", "E21", ("c 跳的是 E 二十一。",)),
    ("error_code", "P2", ("c 之前是 P 一，现在变成 P 二了。",)),
    ("error_code", "E03", ("c 报错 E 零三。",)),
    ("error_code", "CH05", ("c 显示 C H 零五。",)),
    ("error_code", None, ("a 有没有代码？", "c 没有代码。")),
    ("error_code", "E4", ("c 显示的是 E 三，哦不对，是 E 四。",)),
    ("model", "KFR72LW", ("a 型号呢？", "c K F R 杠七二 L W。")),
    ("model", "BCD452WDPF", ("a 型号报一下？", "c B C D，四五二，W D P F。")),
    ("model", "JSQ2513A", ("a 型号是？", "c J S Q 二五杠幺三 A。")),
    ("model", "XQG10014B", ("a 型号您看下？", "c X Q G 一百杠一四 B。")),
    ("model", "CXW260JQ25", ("a 什么型号？", "c C X W 二六零 J Q 二五。")),
    ("model", "KFR35GW", ("c 型号是 K F R 三十五 G W。",)),
    ("model", None, ("a 型号？", "c 找不着，看不清。")),
    ("model", "65E7N", ("a 型号？", "c 六五 E 七 N。")),
    ("model", "L28M5AZ", ("a 电视型号？", "c L 二八 M 五杠 A Z。")),
    ("prior_ticket", "HE20261109", ("a 工单号有吗？", "c H E 二零二六幺幺零九。")),
    ("prior_ticket", "0382", ("a 工单号？", "c 后四位是零三八二。")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "lines"), CASES)
def test_slot_in_many_words(name: str, value: object, lines: tuple[str, ...]) -> None:
    """Each way to say it (or something that only sounds like it) gives the value (or none)."""
    assert fields(HELLO, FAULT, *lines).get(name) == value


WORDS = Path(__file__).parents[2] / "fixtures" / "corpus" / "fault_words.txt"


@pytest.mark.parametrize("line", WORDS.read_text("utf-8").splitlines())
def test_every_fault_in_everyday_words(line: str) -> None:
    """All 162 symptoms are told from two phrasings each (308 of the 324 were before any was looked at)."""
    appliance, label, *phrases = line.split("|")
    for words in phrases:
        found = fields(
            "a 您好，售后服务，请讲。",
            f"c 你好，我家{appliance}，{words}。",
            PLACE,
            "c 杭州市西湖区文三路八号三单元二零一。",
        )
        assert (found["appliance"], found.get("fault")) == (appliance, label), words


def test_a_read_out_address_with_one_wrong_piece_keeps_the_rest() -> None:
    """不对，是十二栋 puts the building right; city, district and estate of the agent's words stand."""
    found = fields(HELLO, FAULT, "a 地址是芜湖市弋江区澳然天成两栋六零一，对吗？", "c 不对，是十二栋，十二栋六零一。")[
        "address"
    ]
    assert (found["city"], found["district"], found["detail"]) == ("芜湖市", "弋江区", "澳然天成12栋601")


def test_an_address_taken_back_for_another_district_keeps_the_city() -> None:
    """The office is taken back, the home is in another district of the same city."""
    line = "c 南京建邺区，江东中路一百号新城大厦……不是，那是单位，家里是鼓楼区汉口路十二号三栋二零四。"
    found = fields(HELLO, FAULT, PLACE, line)["address"]
    assert (found["city"], found["district"], found["detail"]) == ("南京市", "鼓楼区", "汉口路12号3栋204")


NAMES = [
    ("罗文彬", "c 我叫罗文彬，文化的文，文武彬。"),
    ("漆小娟", "c 漆小娟，油漆的漆。"),
    ("朴善英", "c 朴善英，朴素的朴，善良的善。"),
    ("林晓雅", "c 林，双木林，林晓雅。"),
    ("吉克阿木", "c 吉克阿木。"),
    ("郝建业", "c 郝建业赤耳郝"),
    ("贾红", "c 贾红西贝贾"),
    ("万小梅", "c 万小梅就打这个号"),
]


@pytest.mark.parametrize(("name", "line"), NAMES)
def test_a_name_and_its_explanation_are_one_name(name: str, line: str) -> None:
    """An explanation of characters is no second name; rare surnames and names by sound are names."""
    assert fields(HELLO, FAULT, NAME, line)["customer_name"] == name


def test_a_denied_surname_leaves_the_rest_of_the_utterance_alone() -> None:
    """不是付，是傅 denies the 付 and not the make that was said with it."""
    found = fields(
        "a 您好，万家乐。",
        "c 热水器忽冷忽热，查一下我报的修。",
        "a 查到了，万家乐热水器，付先生对吧？",
        "c 不是付，傅，师傅的傅。",
    )
    assert (found["brand"], found["customer_name"][0]) == ("万家乐", "傅")


def test_the_second_appliance_keeps_its_own_code_and_make() -> None:
    """Code and make said with the second appliance are not the first one's."""
    found = fields("a 您好，请讲。", "c 我家长虹电视没声音。还有我家的美菱冰箱，不制冷，显示 E 五。")
    assert (found["brand"], found.get("error_code")) == ("长虹", None)
    other = found["second_ticket"]
    assert (other["brand"], other["error_code"]) == ("美菱", "E5")


def test_words_that_only_sound_like_a_make_are_none() -> None:
    """放完假了 is not 万家乐."""
    assert fields("a 您好，沁园。", "c 净水器不出水了，等放完假了来修吧。")["brand"] == "沁园"


def test_a_serial_number_is_no_model() -> None:
    """What answers the question for the serial number is not taken for the model."""
    assert "model" not in fields(HELLO, FAULT, "a 序列号报一下。", "c A 三 F Q 零零幺八八二七六。")


def test_a_promise_to_call_back_is_no_visit() -> None:
    """Today, said of the call that was promised, is no appointment."""
    assert "appointment" not in fields(HELLO, FAULT, "a 今天下班前给您回电话。", "c 我就等你们今天。")


def test_a_desk_in_front_is_no_before() -> None:
    """六点前台都有人 ends at six and does not mean before six."""
    found = fields(HELLO, FAULT, "a 什么时间方便？", "c 明天，九点到六点前台都有人。")["appointment"]
    assert found == {"start": "2026-11-19T09:00:00+08:00", "end": "2026-11-19T18:00:00+08:00"}


def test_an_angry_emergency_is_a_repair() -> None:
    """Who gets an electric shock and demands an explanation needs a repair first."""
    found = fields(
        "a 您好，海尔售后。",
        "c 热水器漏电，摸水龙头手麻，你们必须给我个说法！",
        PLACE,
        "c 杭州市西湖区文三路八号三单元二零一。",
    )
    assert (found["service_type"], found["safety"], found["sentiment_complaint"]) == ("repair", "electric_shock", True)


def test_a_purchase_date_put_right_is_the_later_one() -> None:
    """去年六月，不对，前年六月: the second."""
    assert fields(HELLO, FAULT, HOW_LONG, "c 去年六月买的，不对，是前年六月。")["purchase_date"] == "2024-06"
    later = call(HELLO, FAULT, WHEN, "c 去年三月。", "a 好的。", "c 哎不对，去年五月买的。")
    assert {s.name: s.value for s in later.slots}["purchase_date"] == "2025-05"
