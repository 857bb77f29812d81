"""What befell on a day that was told: trouble, or something else that says nothing of the trouble's beginning."""

from __future__ import annotations

import re
from enum import Enum


class Befell(Enum):
    """What the words after a day tell of it."""

    TROUBLE = "trouble"
    DELIVERED = "delivered"
    """Bought, sent, received: what is wrong with it then began on no day."""
    ERRAND = "errand"
    """Fitted, cleaned, repaired, reported, promised, paid, telephoned."""
    FINE = "fine"
    """It still worked."""
    NOTHING = "nothing"


AMISS = "(?:就|温度|声音|味道?)不对(?:了|(?=[，。]|$))"
"""温度就不对了: trouble, where a bare 不对 takes words back."""
_CANNOT = (
    "(?:热|冷|凉|转|动|响|亮|制|出|通|灵|走|吸|排|脱|甩|烧|烤|冻|打火|点火|开机|启动|工作|好使|好用|"
    "管用|行了|对劲|稳|够|太|怎么)"
)
_TROUBLE = (
    rf"{AMISS}|一点[^，。]{{1,4}}[都也]没|是[凉冷冰]的|也(?:来|犯|有)过[一两几][次回](?=[，。]|$)|开始(?!用|好)|就(?:出来|冒出|有)了|才这样|这样的|头一[回次](?!来|修|报)|第一[回次](?!来|修|报|装)|出现|发现|发觉|(?<!等)(?<!能)(?<!行)(?:不|没法)(?:怎么|太|咋|大)?{_CANNOT}|没(?:反应|动静|图像|声音?|信号|热水|水|电|气|凉气|冷气|火)"
    r"|(?<![来去通系过等忙])(?<!走得)(?:[打点关开吸甩洗烧排脱冻调搜连插拧按推拉充煮烤放流走])不(?:着|动|开|上|进|出|干|热|凉|住|起来|掉|清|净|稳|燃|了|透|熟|满|下)"
    r"|(?:反应|动静|声音?|图像)[^，。]{0,2}[都也](?:没|不)|一[拧按开插][^，。]{0,3}没了|(?:水|火|电|图像|画面|声音)(?:就|也|都|全|突然)?没了|漏(?!掉)|滴(?:水|答|滴)|往[外下上][^，。]{0,2}(?:流|冒|淌|渗|喷)|淌|冒(?!险|昧)|(?<!影)响(?!应)|跳闸|跳(?:了|个)|[跳蹦弹]出|闪(?!送)|(?:灯|火|屏)[^，。]{0,3}灭|灭(?:了|掉)|(?:自己|突然|就|又|老是?)停|炸|裂|碎了|坏(?:了|的|掉|啦)|麻(?!烦|利|溜|将|辣)|黑(?:屏|了|的)|花(?:屏|了)|(?<!饭)糊(?!弄)|焦|卡(?:住|了|死|壳)|堵|断(?:电|火|水|线)|报(?:错|警|故障|代码)|罢工|趴窝|失灵|死机|重启|出(?:毛病|问题|故障|错)|犯(?:病|毛病|了)|(?:就|又)(?:犯|这样|那样|这个样)|(?:冻|热|吵|呛)(?:醒|得)|冰凉|呛|异味|怪味|(?:煤|燃|天然)气味|味(?:儿|道)?(?:大|重|冲)|闻(?:到|着|见)|[呲滋飙]水|[条根道][^，。有]{0,2}[线纹道]|一滩水|一汪水|(?:一|全|都|满)(?:地|是)[^，。]{0,2}水|化(?:了|冻|成)|打(?:火花|火(?!灶|机))|火(?:苗|花)[^，。]{0,6}(?:小|窜|没|打|黄|红)|(?:蹦|跑|跳)起来|[噼啪嘣砰咣]{1,2}[的地]?(?:一声|响|直|打)|忽(?:冷|热|大|小)|一阵[^，。]{1,4}一阵|[有全都]是?[^，。]{0,2}(?:道道|条纹|竖线|横线|雪花)|[白绿红黑竖横][线杠条纹]|夹生|臭|馊|烂|结(?:了|满)?[^，。]{0,3}(?:冰|霜)"
)
_FINE = (
    "(?:还|看得|用得)(?:是)?(?:好|能|行|正常|可以|没(?!人?来|到|信|修|见)|在|制|热乎|硬邦|凑合|挺|不错)"
    "|都(?:还)?(?:好|能|行|正常)|好好的|(?<!不)(?<!不太)(?<!不大)正常|没事|没问题|挺好|[^，。]{0,3}一?点儿?(?:都|也)?没有|(?:的时候|那会儿?|时)还有(?=[，。呢]|$)|还?没有?味"
)
_ERRAND = (
    r"还没(?:人?来|到|信|修|动静|消息)|没(?:人|见)?来|(?:不能|能不能|能|可以|就?得)[^，。]{0,3}(?:来|修|上门|派)|装(?!的时候)|安|付|交(?:了|的|钱|费)|退|换(?!气)|修|洗过|清洗|保养|加(?:氟|雪种|液)|检[修查测]"
    r"|报(?!错|警|故障|代码|[A-Z])|约|登记|催|投诉|(?<![出起下])来(?:过|看|修|的|了)|师傅|客服|网点|站点|你们|打(?:了|过|的|给)?[^，。]{0,4}电话|联系|答应|说好|讲好|通知|短信|告诉|问(?:了|过)|查|搬|抬|拆|[拉取收拿抬]走|[门商]店|店里"
)
_DELIVERED = "(?<![看听闻碰遇感找])到的(?!时候)|买|购|签收|送[到来货过]|收到|到的?货|发货|下(?:的)?单|[拍抢订淘]的|寄"
_PREDICATE = re.compile(f"(?P<TROUBLE>{_TROUBLE})|(?P<DELIVERED>{_DELIVERED})|(?P<FINE>{_FINE})|(?P<ERRAND>{_ERRAND})")
_LATER = re.compile(
    "[。？！?!；;]|现在|这会儿?|今[天早晚儿]|刚才|到今|第二天|转天|隔天|目前|明[天早]|后天|昨[天晚儿夜]|前[天晚儿]|(?<![两几])天(?:以后|后)|[一二三四五六七八九十]+号(?!楼)|(?:周|星期|礼拜)[一二三四五六日天]"
)
"""Where what is told of a day ends."""
_AND_THEN = re.compile(
    "以后|之后|过后|[完了好]，?(?:就|便|开始|一直|当[天晚]|还没)|一[插开按通打用洗烧][^，。]{0,5}就|，(?:一|结果就?|完了|当晚|当天)|(?:晚上|夜里|半夜)[^，。]{0,3}就|(?:没|不到)[一几两半][^，。]{0,4}(?:小时|钟头|会儿|分钟)就|(?:一走|走了)[^，。]{0,8}就"
)
"""After an errand: what it led to."""
_AGREED_ON = re.compile(
    "(?:约|[约说讲]好|改[到成]|推[到迟]|等到?|挪到)(?:的|了|在|是)*$|(?:你们|师傅|客服|网点)[^，。]{0,3}说(?:的|是)?$"
)
"""Before a day on which somebody was to come."""
_LED_ON = {
    Befell.ERRAND: _AND_THEN,
    Befell.DELIVERED: re.compile("以后|之后|当[天晚]|第二天|(?:晚上|夜里|半夜)[^，。]{0,3}就"),
}
REACH = 45
"""At most so many characters tell of a day."""


def befell(s: str, start: int, end: int) -> Befell:
    """What the words of ``s`` after a day at [start, end) tell of it."""
    if _AGREED_ON.search(s, 0, start):
        return Befell.ERRAND
    stop = _LATER.search(s, end)
    told = s[end : min(end + REACH, stop.start() if stop else len(s))]
    found = Befell.NOTHING
    for m in _PREDICATE.finditer(told):
        kind = Befell[m.lastgroup or "NOTHING"]
        if kind is Befell.TROUBLE and found in _LED_ON and not _LED_ON[found].search(told[: m.end()]):
            continue
        if kind is Befell.TROUBLE:
            return kind
        found = found if found in _LED_ON else kind
    return Befell.ERRAND if found is Befell.DELIVERED else found


def trouble_in(s: str) -> bool:
    """Whether ``s`` tells of trouble and of nothing else."""
    kinds = {m.lastgroup for m in _PREDICATE.finditer(s)}
    return kinds == {"TROUBLE"}
