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
