"""safety: gas, electric shock, smoke, flooding; none where the caller denies a question about them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from nlp.dialogue import Found, Span, Talk, Turn, asks
from nlp.rules.asides import supposed
from nlp.rules.flags import flag, said

_GAS = "(?:煤气|燃气|天然气|液化气|瓦斯|臭鸡蛋)"
_ROOM = "(?:厨房|客厅|屋子?里?|家里?|卧室|阳台|卫生间|浴室|房间|地下室|店里?|过道|走廊|地板上?|地上)"
_EVERYWHERE = "(?:到处|满地|一地|哪儿?都|满屋|一屋子?|满厨房|一厨房)"
_BUILT = "(?:地板|石膏板|橱柜|柜子?|底板|踢脚线?|墙[面皮壁角]?|天花板|吊顶|家具|地毯|床|木板|门框)"
_WASHED = "(?:衣[服裳物]|被[子套罩]|床单|碗|盘|餐具|锅|筷|杯)"
"""What lies in the water of the machine itself (碗都泡在脏水里)."""
SIGNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "gas_smell",
        re.compile(
            rf"{_GAS}(?:的)?(?:味|气味|漏|泄)|漏(?:煤|燃|天然)气|(?:灶|热水器|炉).{{0,6}}漏气|一股(?:子)?{_GAS}|煤气.{{0,4}}(?:闻|大)"
            rf"|闻(?:到|着|见|得到)(?:了|有|股|一股|点|很大的)*{_GAS}|{_GAS}(?:泄漏|泄露)?(?:报警|警报)器?.{{0,6}}(?:响|叫|报)"
            r"|漏气的?味|漏气[^。]{0,8}(?:有味|味道)"
        ),
    ),
    (
        "electric_shock",
        re.compile(
            r"漏电(?!保护|开关|断路|跳闸)|手麻|麻手|(?:碰|摸|挨)(?:[^，。]{0,6}，?)?(?:就|都|有点)?(?:发?麻(?!烦)|被?电(?:一|我|到|了|着))|触电|(?<!停)(?<!通)(?<!充)(?<!断)(?<!插)过电(?=[，。了]|$)|电(?:到|着)(?:了)?(?:我|人|手)|被电(?!话)|(?<!充)(?<!放)电了(?:我)?一下|打手(?!机)|电人|(?<![自携])带电(?!脑|池|梯|源)|麻了一下|手(?:都|就|会|有点|直|给)*发?麻"
            r"|水(?:都|也)?(?:是|会|有点|带点)麻|麻酥酥|麻麻的|麻嗖嗖|酥麻|(?:就|都|会|说|真|直|有点|特别|一摸|一碰)麻(?=[，。！了得]|$)|(?<!师傅)(?<!工人)(?<!员)(?<!还)(?<!要)(?<!骂人)打人(?=[，。！了？]|$)|麻到|麻(?:过|了)?(?:好?几|[一两二三])[下次回]|针扎|电得(?:我|他|她|手|人)"
        ),
    ),
    (
        "smoke",
        re.compile(
            r"(?<!油)冒(?:出|了|起|过)*(?:来)?(?:[一点好有几]*[股阵缕团丝些])?(?:子|儿)?(?:[黑白青浓]|出.{0,2})?烟(?!机)|(?<!正常)(?<!打)(?<!点)(?<!打得)(?<!点得)(?<!打不)(?<!点不)(?<!能)(?<!才)(?<!不)(?<!没)(?<!会)(?:着|起|失)火了?(?=[，。！了]|$)|烧起来|(?:里面|里头|插座|插头|那儿)[^，。]{0,2}着了(?=[，。！]|$)|焦糊味|(?<!饭)(?<!菜)烧焦|(?<!饭)糊味|冒火(?=苗|[，。！了]|$)|(?<!饭)(?<!饭都)烧糊了|(?:黑|浓)烟|有烟(?![机灶道管])|(?:插座|插头|线|板子?|接头|里面|外壳|按键).{0,6}(?:烧黑|烧化|烤化|烧焦|烧糊|烧了)|焦(?:臭|糊)?(?:的)?(?:味|气)"
        ),
    ),
    (
        "water_leak",
        re.compile(
            rf"(?<![桶盆缸筒])(?<![桶盆缸筒]里)(?<!衣服在)(?<!衣服都在)(?<!衣服还在)(?:水|漏)(?:(?!里头|里面|[桶盆缸筒][里水]|{_WASHED}|没法).){{0,10}}(?:往外冒|往外喷|喷出来|漫|淹|泡)"
            rf"|{_BUILT}.{{0,6}}(?:泡|湿透|湿了(?:好|一)?(?:大|几)?[块片]|湿了一大|渗湿|洇湿|淹|发霉|鼓|翘|拱起|起拱|变形|掉皮)|(?:橱柜|厨房|客厅|阳台|卧室|走廊|过道|地下室|屋子?|家|地上|一地|满地|全).{{0,4}}(?:里)?(?:都|全|满)(?:是|地)?(?:的)?水(?!垢|渍|泥|温)"
            r"|(?:漏|渗|流|滴)(?:水)?到.{0,3}楼下|楼底?下.{0,14}(?:漏|渗|滴|找上|湿|投诉|[敲拍]门|淹|泡)|水漫|成(?:了)?[^，。]{0,3}(?:游泳池|水帘洞|池塘|河)|发大水|关不住|止不住"
            rf"|{_ROOM}(?:都|全|快|已经|给|被|里)*(?:淹|泡)(?:了|水|得|成)|水.{{0,3}}(?:喷|冒|涌)(?:得|的).{{0,2}}{_EVERYWHERE}|(?:漏|流|淌|喷)(?:得|的).{{0,5}}{_EVERYWHERE}.{{0,3}}水|漏水?(?:漏)?(?:得|的){_ROOM}.{{0,3}}(?:都|全|满)是"
            r"|水[^，。]{0,5}，?关(?:都|也)?(?:关)?不(?:上|掉|了|紧)|爆管|(?:水管|管子|软管|进水管)[^，。]{0,3}(?:爆|崩)"
        ),
    ),
)
NAMES = {"gas_smell": "燃气味", "water_leak": "漏水浸泡", "electric_shock": "漏电", "smoke": "冒烟", "none": "无"}
CRITICAL = frozenset({"gas_smell", "electric_shock", "smoke"})
_NOT = re.compile(
    r"(?:没有?|不|不是|不会|别|怕(?!是)|是不是|有没有|会不会|防止|担心|要不要|有无|没人|谁也没)(?:什么|闻到|再|说|有|发现|是|闻着|闻见|有股)?$"
)
_DENIED = re.compile("[倒也都是还，]*没有?(?!关)|吗")
_DENIES = re.compile(
    rf"没[有得]?(?:闻[到着见])?(?:什么|啥|任何|过)?(?:{_GAS}|焦糊?|糊|异|怪)?(?:味|冒烟|烟|漏电|受伤|火|积水|水)|没有没有|没闻[到着见]|没味|闻不到|不麻|[没莫]得[，。]|没有$|没有，|没有。|没啥味|不漏|^[啊哎呃嗯哦那，倒都]*没(?:有|得)?(?=[，。]|$)"
)


def settle(talk: Talk, belongs: Callable[[Span], bool] = lambda _: True) -> Found | None:
    """The gravest danger told; none where it was denied. ``belongs``: which places are about the appliance."""
    return next((f for f in _dangers(talk) if belongs(f.spans[0])), None)


def _dangers(talk: Talk) -> Iterator[Found]:
    """Dangers told, the gravest first, then those that were denied."""
    for kind, pattern in SIGNS:
        for turn, m in said(talk, pattern):
            if _told(turn.read, m):
                yield flag("safety", kind, NAMES[kind], f"safety.{kind}", turn, m)
    for reply, denied in talk.gather("safety.denied", _denials):
        yield flag("safety", "none", "无", "safety.denied", reply, denied)


def grave(talk: Talk) -> bool:
    """Whether the caller tells of gas, an electric shock or smoke."""
    danger = settle(talk)
    return danger is not None and danger.value in CRITICAL


def _told(s: str, m: re.Match[str]) -> bool:
    """Whether it is there: not feared, not asked, not supposed, nor what burnt food smells of."""
    if _BURNT.search(m.group()) and _COOKED.search(s):
        return False
    return not (
        _NOT.search(s[max(0, m.start() - 5) : m.start()]) or _DENIED.match(s, m.end()) or supposed(s, m.start())
    )


_BURNT = re.compile("[焦糊](?:的|臭|糊)?[味气]")
_COOKED = re.compile(
    "(?:饭|粥|菜|面包|蛋糕|饼干|锅底|底下)[^。]{0,14}(?:糊|焦|黑)|(?:煮|烤|炒|炖|蒸)[^。，]{0,6}(?:糊|焦)"
)


_FREE_OF = re.compile(
    rf"(?:没有?|没闻[到着见]|没见|没觉得|不)(?:什么|啥|任何|有)?(?:{_GAS}的?(?:味|泄漏)|冒烟|漏电|焦糊?味|糊味|麻手|触电)|(?:{_GAS}的?味|冒烟|漏电|焦糊?味|糊味)[倒也都是]*没(?:有|闻)?(?=[，。]|$)"
)
"""What the caller denies unasked (没冒烟也没异味，就是不转)."""
_DENIED_ASKS = re.compile("[^，。]{0,3}[吗？?]")


def _denials(_: Talk, turn: Turn) -> Iterator[tuple[Turn, re.Match[str]]]:
    """The answer to a question about danger that denies it, or its denial unasked."""
    free = None if turn.by_agent else _FREE_OF.search(turn.read)
    if free and not supposed(turn.read, free.start()) and not _DENIED_ASKS.match(turn.read, free.end()):
        yield turn, free
    denied = _DENIES.search(turn.reply.read) if turn.by_agent and turn.reply and "safety" in asks(turn) else None
    if turn.reply and denied:
        yield turn.reply, denied
