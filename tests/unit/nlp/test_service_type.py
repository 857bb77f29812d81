"""What callers want, however they say it."""

from __future__ import annotations

import pytest

from tests.unit.nlp.calls import fields

CASES = """
repair 空调坏了，麻烦派个师傅来修一下
repair 我要报修，冰箱不制冷
repair 家里热水器打不着火了，你们能来看看吗
repair 电视黑屏了，上门修一次要多少钱
repair 洗衣机漏水，想叫人来弄一下
repair 帮我约个维修，油烟机不转了
repair 装了没两个月的空调就不制冷了，赶紧来人给我修
install 刚买的空调到货了，什么时候能来安装
install 我想预约安装油烟机
install 新买的热水器，要装一下
install 搬家了，空调要移机
install 洗碗机到了，帮我安排人来装
install 电视到货了，要挂墙
install 净水器送到了，啥时候给装上
return_exchange 我昨天买的扫地机器人有划痕，我要换货
return_exchange 这个烤箱我不想要了，要退货
return_exchange 买的冰箱送错了颜色，给我换一台
return_exchange 我要退款，洗衣机买来就是坏的，我不要了
maintenance 空调想做个清洗
maintenance 壁挂炉要保养一下，供暖前检查检查
maintenance 净水器该换滤芯了，约个师傅来换
maintenance 油烟机太脏了，想深度清洗一下
maintenance 想预约一下空调加氟和清洗，例行保养
complaint 我要投诉你们的安装师傅，态度太恶劣了
complaint 修了三次都没修好的空调，我要投诉
complaint 师傅把我家冰箱门碰坏了，你们得赔
complaint 你们空调师傅乱收费，我要投诉
enquiry 我想问一下空调保修几年
enquiry 咨询一下洗衣机怎么开童锁
enquiry 问下冰箱以旧换新怎么弄，我再看看
enquiry 电视遥控器多少钱一个
progress 我前天报修的空调，到现在没人联系我
progress 想查一下我的洗衣机维修到哪一步了
progress 约好今天上午来修冰箱，师傅怎么还没来
progress 我想改一下空调的安装时间
progress 帮我取消明天的热水器维修
progress 催一下，我的油烟机什么时候来修，都报了三天了
progress 我退货的微波炉退款什么时候到账
progress 送修的电饭煲修好了没有
progress 我上周约了今天装油烟机，这都几点了还没来人
progress 我那个单子怎么还没派师傅啊，冰箱的
progress 师傅说配件到了联系我，都一个星期了没动静，空调
progress 我想把后天的空调维修改到下周
progress 之前报修的洗衣机不用来了，已经好了，帮我取消吧
progress 你好，我查一下我的维修进度，热水器
progress 昨天师傅来看了说缺配件，配件什么时候到，燃气灶的
progress 退货已经寄回去了，净水器的钱什么时候退给我
progress 我的安装单催一下，电视到了三天了
progress 说好上午来的，现在还没人影，空调
install 我家新房装修好了，要装两台空调
install 刚买了一台热水器，麻烦安排师傅安装
install 壁挂炉移个位置，拆装一下
install 你好我要报装，电视
install 买的洗碗机送来了，什么时候有师傅过来装
install 空调要拆下来装到新家去
install 油烟机换个新的，旧的拆掉装新的，机器已经到货
install 净水器要改一下管路重新装
maintenance 空调好久没清洗了，想洗一下
maintenance 热水器想做个保养除垢
maintenance 净水器滤芯红灯亮了要换芯
maintenance 中央空调要做维护保养
maintenance 洗衣机有味道，约个清洗
maintenance 壁挂炉供暖季前检查一下
return_exchange 冰箱买回来两天就坏了，我要求换机
return_exchange 电视屏幕有坏点，我要退
return_exchange 洗衣机尺寸不合适，能不能退
return_exchange 你们给我发错型号了，空调要换
return_exchange 不想要了，这个微波炉能七天无理由退吗
complaint 我要投诉你们的客服，态度特别差，空调的事
complaint 安装工把我家墙打坏了，空调也没装好，你们必须给个说法
complaint 师傅上门收费不合理，修个洗衣机要我五百
complaint 你们的冰箱修了四次都修不好，我要投诉
complaint 你们送货的把我门撞坏了，送冰箱的，要赔偿
enquiry 你好，请问洗衣机怎么用高温洗
enquiry 空调加氟多少钱，我先了解一下
enquiry 热水器保修期是几年
enquiry 我想问下电视支持国补吗
enquiry 净水器滤芯多久换一次，在哪儿买
enquiry 冰箱能不能用外接电源，我就问问
repair 空调不制热，什么时候能来修
repair 冰箱坏了，多少钱能修好
repair 电视开不了机了，麻烦登记一下
repair 洗衣机漏水，我在保修期内，应该免费修吧
repair 热水器点不着火，昨天刚换的电池
repair 你好，家里的油烟机不吸烟，想请师傅过来检查一下
repair 空调去年装的，现在漏水了
repair 燃气灶上个月刚修过，现在又打不着火了
repair 咨询一下，我家洗衣机不脱水是怎么回事，能上门看看吗
repair 壁挂炉报E1，是不是要换点火针，你们来看看吧
repair 冰箱结冰了，取消不了除霜，帮忙看看
repair 空调不凉，是不是要加氟，安排人来吧
"""


@pytest.mark.parametrize("case", CASES.strip().splitlines())
def test_kind_of_service(case: str) -> None:
    """The first sentence of a caller tells the kind of service."""
    kind, words = case.split(" ", 1)
    assert fields("a 您好，售后服务中心，请问有什么可以帮您？", f"c {words}。").get("service_type") == kind


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (("c 这冰箱我要退货！", "a 先给您安排检测可以吗？", "c 那行吧，先修吧。"), "repair"),
        (
            (
                "c 壁挂炉清洗多少钱？",
                "a 两百元。",
                "c 行，那给我约一个，明天上午。",
                "a 地址？",
                "c 西安市雁塔区小寨西路九号二号楼三零一。",
            ),
            "maintenance",
        ),
        (("c 热水器坏了，气死我了，你们什么质量！", "a 是什么问题？", "c 打不着火。", "a 给您安排维修。"), "repair"),
    ],
)
def test_final_intent_counts(lines: tuple[str, ...], kind: str) -> None:
    """What the caller settles on counts, and an angry repair stays a repair."""
    assert fields("a 您好，请讲。", *lines).get("service_type") == kind


@pytest.mark.parametrize(
    "lines",
    [
        ("c 喂，是顺丰快递吗？", "a 您好，这里是海尔售后。", "c 哦打错了，不好意思。"),
        ("c ……", "a 您好，听得到吗？", "c ……"),
        ("c 你们都是骗子，滚！", "a 先生您好？"),
        ("c 喂？喂？听不见啊。", "a 您好，能听到吗？", "c 喂？"),
        ("c 我找一下张经理。", "a 这里是客服中心，没有张经理。", "c 那算了。"),
        ("c 请问是移动营业厅吗？", "a 不是，这里是美的空调售后。", "c 不好意思，打错电话了。"),
        ("c 小朋友在玩电话，不好意思。", "a 没关系，再见。"),
        (),
    ],
)
def test_no_order_at_all(lines: tuple[str, ...]) -> None:
    """Wrong numbers, silence and abuse fill no field."""
    assert fields("a 您好，美的空调服务热线，请讲。", *lines) == {}
