"""Addresses from all over the country."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.addresses import parse
from nlp.catalogue import Catalogue
from nlp.divisions import divisions
from nlp.evaluate import Judge
from tests.unit.nlp.calls import fields

START = ("a 您好，请讲。", "c 我家空调不制冷。", "a 请说一下您的地址。")

CASES = """
苏州市姑苏区人民路三十号，阳光花园五号楼十五零二|苏州市|姑苏区|人民路30号阳光花园5号楼1502
苏州市姑苏区人民路三十号，阳光花园五号楼三十一零三|苏州市|姑苏区|人民路30号阳光花园5号楼3103
苏州市姑苏区人民路三十号，阳光大厦南楼二三零六|苏州市|姑苏区|人民路30号阳光大厦南楼2306
苏州市姑苏区人民路三十号，环球之眼西塔四零零八|苏州市|姑苏区|人民路30号环球之眼西塔4008
杭州市西湖区文三路二百八十八号翠苑三区十二幢二单元五零一|杭州市|西湖区|文三路288号翠苑三区12幢2单元501
浙江省温州市鹿城区五马街道公安路三十二号三零二室|温州市|鹿城区|五马街道公安路32号302室
北京市朝阳区望京西路四十八号院五号楼三单元一七零二|北京市|朝阳区|望京西路48号院5号楼3单元1702
北京海淀区中关村南大街五号，六号楼一门三零一|北京市|海淀区|中关村南大街5号6号楼1门301
上海市浦东新区张杨路一千八百弄二十六号六零二|上海市|浦东新区|张杨路1800弄26号602
上海徐汇区漕溪北路三百九十八号，汇智大厦十八楼|上海市|徐汇区|漕溪北路398号汇智大厦18楼
广州天河区体育东路一百三十八号，金利来大厦B座一二零三|广州市|天河区|体育东路138号金利来大厦B座1203
东莞市南城街道鸿福路二百号，B栋二五零六|东莞市||南城街道鸿福路200号B栋2506
中山市小榄镇新华中路九十八号，三幢五零二|中山市||小榄镇新华中路98号3幢502
重庆市渝北区龙溪街道松石支路九十八号，四栋十二杠三|重庆市|渝北区|龙溪街道松石支路98号4栋12-3
湖南省衡阳市衡南县三塘镇大广村六组|衡阳市|衡南县|三塘镇大广村6组
四川省南充市阆中市柏垭镇凉水村三组|南充市|阆中市|柏垭镇凉水村3组
河南省周口市太康县逊母口镇李庄村|周口市|太康县|逊母口镇李庄村
内蒙古赤峰市敖汉旗新惠镇三道湾子村二组|赤峰市|敖汉旗|新惠镇三道湾子村2组
新疆乌鲁木齐市天山区解放北路一百二十号，四号楼二单元三零一|乌鲁木齐市|天山区|解放北路120号4号楼2单元301
西藏拉萨市城关区北京中路二十五号，二单元四零一|拉萨市|城关区|北京中路25号2单元401
哈尔滨道里区经纬街一百二十二号，四单元五楼左手那家|哈尔滨市|道里区|经纬街122号4单元5楼左手
天津市河西区解放南路三百一十二号，六号楼一门四零二|天津市|河西区|解放南路312号6号楼1门402
苏州工业园区星湖街三百二十八号，创意园十五幢一零零六|苏州市|工业园区|星湖街328号创意园15幢1006
苏州市昆山市玉山镇前进西路一千零八号，五幢二零三|苏州市|昆山市|玉山镇前进西路1008号5幢203
嘉兴市海宁市海昌街道文苑路三百零五号，八幢二零一|嘉兴市|海宁市|海昌街道文苑路305号8幢201
大理州大理市下关街道苍山路二百六十五号，五幢幺零幺|大理白族自治州|大理市|下关街道苍山路265号5幢101
湖北恩施州利川市都亭街道清江大道九十九号十六楼一六零五|恩施土家族苗族自治州|利川市|都亭街道清江大道99号16楼1605
吉林省延边州延吉市局子街二百一十五号，三单元四零二|延边朝鲜族自治州|延吉市|局子街215号3单元402
郑州市金水区经三路六十八号，二号楼中单元三楼东户|郑州市|金水区|经三路68号2号楼中单元3楼东户
济南市历下区解放东路六十五号，门口那个小卖部|济南市|历下区|解放东路65号门口小卖部
太原市小店区长治路二百二十六号，高新国际B座，哦不是，C座十五层幺五零三|太原市|小店区|长治路226号高新国际C座15层1503
成都市武侯区科华北路一百四十三号，蓝色空间二栋一单元七零四，没电梯啊，得爬七楼|成都市|武侯区|科华北路143号蓝色空间2栋1单元704
南昌市红谷滩区丰和中大道九百一十二号，地中海阳光，二十二栋一零二|南昌市|红谷滩区|丰和中大道912号地中海阳光22栋102
合肥市蜀山区潜山路一百九十号，华邦那边，A二幢九零三|合肥市|蜀山区|潜山路190号华邦A2幢903
海口市美兰区海甸五西路二十八号，六号楼一零四|海口市|美兰区|海甸五西路28号6号楼104
贵阳市观山湖区长岭北路八号，三号楼二十一层二幺零四|贵阳市|观山湖区|长岭北路8号3号楼21层2104
福州市台江区江滨中大道三百八十六号，二十一号楼三十二层 A|福州市|台江区|江滨中大道386号21号楼32层A
唐山市路南区新华西道五十三号，五号楼四单元四零一|唐山市|路南区|新华西道53号5号楼4单元401
常州市武进区湖塘镇，湖是湖水的湖，塘是池塘的塘，人民中路三百九十八号，十九幢甲单元四零二|常州市|武进区|湖塘镇人民中路398号19幢甲单元402
我住长沙市雨花区井湾子街道中意一路五百八十号，三栋二零五|长沙市|雨花区|井湾子街道中意一路580号3栋205
"""


@pytest.mark.parametrize("case", CASES.strip().splitlines())
def test_address(case: str) -> None:
    """City, district and the rest are told apart, numbers are in digits."""
    words, city, district, detail = case.split("|")
    heard = fields(*START, f"c {words}。")["address"]
    assert (heard.get("city"), heard.get("district", ""), heard.get("detail")) == (city, district, detail)


UNUSUAL = """
我在青岛市黄岛区长江中路四百一十八号，中惠购物中心旁边的东方丽景，三号楼二单元一千二百零一|青岛市|黄岛区|长江中路418号东方丽景3号楼2单元1201
广东省揭阳市普宁市流沙东街道新河东路二十一号门面|揭阳市|普宁市|流沙东街道新河东路21号门面
云南省红河州蒙自市文澜街道天马路一百零六号，银河小区八栋三单元六零一|红河哈尼族彝族自治州|蒙自市|文澜街道天马路106号银河小区8栋3单元601
新疆阿克苏地区阿克苏市英阿瓦提路十六号，三号楼二零二|阿克苏地区|阿克苏市|英阿瓦提路16号3号楼202
安徽省宿州市砀山县砀城镇道北东路六十号|宿州市|砀山县|砀城镇道北东路60号
湖北省仙桃市沙嘴街道仙桃大道中段十五号，满庭春小区五栋一单元三零三|仙桃市||沙嘴街道仙桃大道中段15号满庭春小区5栋1单元303
海南省琼海市嘉积镇金海路九十九号，官塘学府六号楼八零八|琼海市||嘉积镇金海路99号官塘学府6号楼808
江苏省徐州市铜山区大学路一号，矿大南湖校区教师公寓二十五号楼四零二|徐州市|铜山区|大学路1号矿大南湖校区教师公寓25号楼402
河北省石家庄市正定县正定镇恒山东路十八号，二单元三楼西户|石家庄市|正定县|正定镇恒山东路18号2单元3楼西户
贵州省黔东南州凯里市韶山南路二十三号，国贸大厦十四楼一四零二|黔东南苗族侗族自治州|凯里市|韶山南路23号国贸大厦14楼1402
山东省潍坊市寿光市圣城街道，银海路五百六十六号，幸福家园十二号楼三单元四零二室|潍坊市|寿光市|圣城街道银海路566号幸福家园12号楼3单元402室
杭州市萧山区宁围街道，市心北路八十二号，一幢三十二楼三二零五|杭州市|萧山区|宁围街道市心北路82号1幢32楼3205
深圳宝安西乡街道固戍一路一百二十号，华丰公寓B栋五零九|深圳市|宝安区|西乡街道固戍一路120号华丰公寓B栋509
上海市松江区九亭镇沪亭北路六百一十八弄四十五号一零二|上海市|松江区|九亭镇沪亭北路618弄45号102
北京市丰台区方庄南路九号院，五号楼二单元十三层一三零四|北京市|丰台区|方庄南路9号院5号楼2单元13层1304
四川成都高新区天府大道中段一千三百八十八号，美年广场A座一七零八|成都市|高新区|天府大道中段1388号美年广场A座1708
辽宁省沈阳市浑南区沈营大街五百二十号，一门幺幺零二|沈阳市|浑南区|沈营大街520号1门1102
广西桂林市阳朔县白沙镇旧县村八队十二号|桂林市|阳朔县|白沙镇旧县村8队12号
陕西省榆林市神木市大柳塔镇李家畔路，矿区家属楼七号楼二单元五零一|榆林市|神木市|大柳塔镇李家畔路矿区家属楼7号楼2单元501
西安市莲湖区大庆路三百三十五号，庆安小区北区八栋，东单元，四楼左户|西安市|莲湖区|大庆路335号庆安小区北区8栋东单元4楼左户
重庆市江津区几江街道西门路四十二号，附三号|重庆市|江津区|几江街道西门路42号附3号
武汉东湖高新区光谷大道七十七号，金融港B二十栋五零二|武汉市|东湖高新区|光谷大道77号金融港B20栋502
吉林省吉林市船营区解放西路八十八号，五单元六楼中门|吉林市|船营区|解放西路88号5单元6楼中门
"""


@pytest.mark.parametrize("case", UNUSUAL.strip().splitlines())
def test_unusual_address(case: str) -> None:
    """Shop fronts, zones, school flats, villages and estates without a road are understood by the scorer's measure."""
    words, city, district, detail = case.split("|")
    heard = fields(*START, f"c {words}。")["address"]
    assert (heard.get("city"), heard.get("district", "")) == (city, district)
    assert Judge(Catalogue.load()).same("address.detail", detail, heard["detail"])


TALKS = [
    (
        ("c 厦门市思明区。", "a 具体到门牌号呢？", "c 湖滨南路二百五十七号，一梯三零五。"),
        "厦门市",
        "思明区",
        "湖滨南路257号1梯305",
    ),
    (
        ("c 无锡滨湖区蠡湖大道一百二十八号。", "a 几幢几室？", "c 十七幢六零三。"),
        "无锡市",
        "滨湖区",
        "蠡湖大道128号17幢603",
    ),
    (
        ("c 西宁市城西区海湖路七十八号，二十一号楼三单元六零二。", "a 二十一号楼二单元六零二？", "c 三单元，三单元。"),
        "西宁市",
        "城西区",
        "海湖路78号21号楼3单元602",
    ),
    (
        ("a 还是青岛市市北区辽阳西路一百号，二号楼一单元八零一？", "c 没换过。"),
        "青岛市",
        "市北区",
        "辽阳西路100号2号楼1单元801",
    ),
    (
        ("a 系统里的地址是宁波市鄞州区中河街道嵩江中路五百二十号，几幢几室这里没有。", "c 六幢三零二。"),
        "宁波市",
        "鄞州区",
        "中河街道嵩江中路520号6幢302",
    ),
    (
        ("a 地址有变化吗？", "c 变了，搬到昆明市官渡区春城路二百八十九号，九栋幺四零二了。"),
        "昆明市",
        "官渡区",
        "春城路289号9栋1402",
    ),
]


@pytest.mark.parametrize(("lines", "city", "district", "detail"), TALKS)
def test_address_in_talk(lines: tuple[str, ...], city: str, district: str, detail: str) -> None:
    """Pieces, corrections and agreed readings from the file make one address."""
    heard = fields(*START, *lines)["address"]
    assert (heard.get("city"), heard.get("district"), heard.get("detail")) == (city, district, detail)


@pytest.mark.parametrize(
    "line", ["c 我在苏州打工呢。", "c 我姓沈，沈阳的沈。", "c 我人在上海，帮爸妈报修。", "c 邻居去北京了。"]
)
def test_place_in_passing_is_no_address(line: str) -> None:
    """A city that is mentioned for another reason is not the address."""
    assert "address" not in fields("a 您好，请讲。", "c 我家空调不制冷。", line)


def test_missing_levels_follow_from_unmistakable_ones() -> None:
    """The city of a district that only one city has is inferred and marked."""
    found = parse("涪陵区敦仁街道中山东路三十三号，二单元三楼", asked=True)
    assert found is not None
    assert (found.city, found.district) == (None, "涪陵区")


@given(
    st.sampled_from(
        sorted({(p.city, p.name) for places in divisions().said.values() for p in places if p.level == 2 and p.city})
    )
)
def test_every_district_is_understood_after_its_city(pair: tuple[str, str]) -> None:
    """City and district as officially named come back for every district of the country."""
    city, district = pair
    found = parse(f"{city}{district}人民路十八号三栋二零一", asked=True)
    assert found is not None
    assert (found.city, found.detail) == (city, "人民路18号3栋201")
    assert str(found.district).removesuffix("区") == district.removesuffix("区")


@pytest.mark.parametrize(
    ("city", "district"),
    [("苗栗县", "三义乡"), ("鞍山市", "千山区"), ("林芝市", "巴宜区"), ("芜湖市", "三山区"), ("永州市", "零陵区")],
)
def test_a_district_that_sounds_like_a_number_is_no_house_number(city: str, district: str) -> None:
    """Its name is as good as any other's, and the number after it is put right all the same."""
    found = parse(f"{city}{district}人民路九是八好三栋二零一", asked=True)
    assert found is not None
    assert (found.city, found.district, found.detail, found.quality) == (city, district, "人民路98号3栋201", 1.0)


def test_a_place_that_begins_like_a_hesitation_is_heard() -> None:
    """额敏县 keeps its first character; a 额 before another place is none of it."""
    for said in ("塔城地区额敏县人民路十八号", "额，塔城地区额敏县人民路十八号"):
        found = parse(said, asked=True)
        assert found is not None
        assert (found.city, found.district) == ("塔城地区", "额敏县")


TENS = ["", "十", "二十", "三十", "四十", "五十", "六十", "七十", "八十", "九十"]
UNITS = "零一二三四五六七八九"


def counted(n: int) -> str:
    """1..999 as it is counted."""
    hundreds, rest = divmod(n, 100)
    tens, ones = divmod(rest, 10)
    head = f"{UNITS[hundreds]}百" if hundreds else ""
    middle = ("零" if head and ones else "") if not tens else ("一十" if head and tens == 1 else TENS[tens])
    return head + middle + (UNITS[ones] if ones else "")


ROADS = st.sampled_from(["文三路", "人民大道", "解放街", "长江西路", "花园巷", "中山北路"])
ESTATES = st.sampled_from(["", "桃花源小区", "阳光花园", "锦绣家园", "丽水苑"])
BUILDINGS = st.sampled_from(["栋", "幢", "号楼", "座"])


@settings(max_examples=300)
@given(
    ROADS, st.integers(1, 999), ESTATES, st.integers(1, 60), BUILDINGS, st.integers(1, 6), st.integers(1, 30),
    st.integers(1, 8), st.sampled_from(["", "，", "，嗯，"]), st.booleans(),
)  # fmt: skip
def test_generated_addresses_come_back(
    road: str, number: int, estate: str, building: int, kind: str, unit: int, floor: int, room: int, pause: str,
    digits: bool,
) -> None:  # fmt: skip
    """Road, number, estate, building, unit and room come back for any numbers, counted or in digits, with pauses."""
    say = str if digits else counted
    door = f"{floor}{room:02d}"
    spoken_door = door if digits else "".join(UNITS[int(c)] for c in door)
    parts = (f"{road}{say(number)}号", estate, f"{say(building)}{kind}", f"{say(unit)}单元", spoken_door)
    found = parse("杭州市西湖区" + pause.join(p for p in parts if p) + "。", asked=True)
    assert found is not None
    assert (found.city, found.district) == ("杭州市", "西湖区")
    assert found.detail == f"{road}{number}号{estate}{building}{kind}{unit}单元{door}"


@settings(max_examples=200)
@given(st.text(), st.booleans(), st.booleans())
def test_no_text_breaks_the_parser(text: str, asked: bool, by_agent: bool) -> None:
    """Any Unicode gives an address inside the text, or none; twice the same."""
    found = parse(text, asked=asked, by_agent=by_agent)
    assert found == parse(text, asked=asked, by_agent=by_agent)
    assert found is None or 0 <= found.start <= found.end <= len(text)
