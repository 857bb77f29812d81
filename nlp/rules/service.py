"""service_type: what the caller wants done, from weighted cues over the whole call."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from nlp.catalogue import SERVICE_TYPES
from nlp.dialogue import Found, Span, Talk, Turn
from nlp.types import SlotState

CALLER, AGENT, BOTH = "caller", "agent", "both"
_DAY = "(?:[今明后]天|大后天|周|星期|礼拜|[上下]午|[一二三四五六七八九十]+号)"
_MOVED = (
    r"(?<=想)改(?:一下|个|到|成)?(?![装造])|往[前后][提挪推]|"
    rf"(?:提前|提早|推迟|延|换|改|挪)(?:[一两几]天)?到下?个?大?{_DAY}"
)
"""A visit agreed on before is to come on another day."""
CUES: tuple[tuple[str, float, str, re.Pattern[str]], ...] = tuple(
    (kind, weight, speaker, re.compile(pattern))
    for kind, weight, speaker, pattern in (
        (
            "progress",
            4.0,
            CALLER,
            r"没来人|到现在(?:还|都)?没.{0,2}(?:消息|动静|下文)|(?:师傅|你们|人家|单子?|网点|客服|以后|之后|[走等]了?|报了?修?|(?:天|星期|礼拜|周|月)了)[^。？?停响亮转吹按开]{0,10}没(?:动静|信儿)|(?:师傅|人|走了|去)[^，。？]{0,4}没影|没信儿|(?<!别又)(?<!别再)(?<!别)(?<!莫又)(?<!莫又是)没(?:得)?下文|把.{0,10}(?:改到|改成|推到|提前到|推迟|往后[推挪延]|延后|挪到(?=[上下周明后礼星这本]|[一二三四五六七八九十]+号))|约了[^。]{0,12}(?:想|要)(?:改|挪|推|换|往后)|配件[^，。]{0,4}，?(?:配件)?(?:来|到)了?(?:没|吗)|(?:钱|款).{0,8}(?:什么时候|还没|多久).{0,6}(?:退|到)",
        ),
        (
            "progress",
            3.0,
            CALLER,
            r"(?:上周|上个?星期|上个?礼拜|前天|昨天|上个?月|早就).{0,5}(?:约了|约的|报了|报的|报修的)|配件.{0,6}(?:什么时候|到了没|还没)|寄回去了",
        ),
        (
            "install",
            4.0,
            CALLER,
            r"(?:上门|来人?|过来|师傅|派人|人来)[^，。修]{0,4}(?:装(?:一下|上|下|呗|吧|[？?]|$)|挂(?:一下|起来|上))|移(?:个|一下|动)?位|换个?位置|(?:给|帮)[^，。]{0,3}安(?:装|上|一下)|拆(?:下来|了|走|掉)[^，。]{0,3}(?:装|搬)到|(?:移|挪|迁)到(?![^，。]{0,6}了)|搬家[^。？]{0,12}(?:拆|装(?!的|修)|移)|拆装|改(?:一下)?(?:水|气)?管路?|重新装(?!好)|拆下来.{0,4}装|装新的|搬过来(?!装上了)[^。]{0,14}装(?:到|上(?!了)|在)|(?:挂墙|上墙)[^，。]{0,3}(?:要|找|叫|请)|(?:安排|派|麻烦).{0,6}(?:安装|来装)",
        ),
        (
            "return_exchange",
            4.0,
            CALLER,
            r"换机|要求换|把?[钱款]退给?我|(?:把|给我把)[钱款]退|(?:不想|不)要(?:了)?，(?:我)?(?:就|要|想)?退|(?:想|就|要)退(?=[，。]|$)|买(?:回来|来)(?!.{0,3}[年月])[^。]{0,14}能?不?能换(?!芯|滤)|能(?:不能|否)?(?:给我)?退(?!休)|无理由退|不想要了|发错(?:了)?(?:货|型号|颜色).{0,12}换",
        ),
        ("maintenance", 3.0, CALLER, r"(?<!年)供暖(?:季|前)|换季|例行|除垢"),
        (
            "complaint",
            4.0,
            CALLER,
            r"讨个?说法|收费不合理|乱收费|多收(?:了)?(?:我)?|(?:师傅|安装工|送货的?|工人|你们).{0,10}(?:打坏|撞坏|碰坏|弄坏|弄脏|打裂|砸坏)",
        ),
        # what the agent does about it
        (
            "maintenance",
            3.0,
            AGENT,
            r"(?:上门|师傅|安排|约|预约)[^，。]{0,6}(?:清洗|保养|更换滤芯|换芯|换滤芯)|上门更换|(?:清洗|保养)(?:(?!也|一起|给您)[^，。]){0,4}(?:登记|预约|安排|排|一百|两百|师傅)",
        ),
        (
            "complaint",
            2.0,
            AGENT,
            r"投诉(?:部门|到|给您|已|我)|(?:登记|受理|提交|记录|反馈)[^，。]{0,4}投诉|(?:主管|经理|负责人|专员|领导)[^，。]{0,8}(?:联系|回复|处理|回电|看现场)",
        ),
        (
            "install",
            2.0,
            AGENT,
            r"免费安装|安装(?:费|师傅)|移机[^，。]{0,3}[一二两三四五六七八九]|(?:安排|预约)(?:上门)?安装",
        ),
        (
            "return_exchange",
            3.0,
            AGENT,
            r"补发|调换|[退换]货单|[退换]货[^，。]{0,3}(?:登记|建|办)|(?:登记|申请|办)[^，。]{0,3}(?:退货|换货|退机|换机)|给您(?:退|换新)|旧的[^，。]{0,4}(?:带走|拉走|拉回|收回|不用寄)",
        ),
        (
            "progress",
            2.5,
            AGENT,
            r"(?:改|调整?)(?:好了|到|成|过来了|约)(?!.{0,4}(?:地址|电话))|取消(?:好|掉|了)|查(?:一下|下|查)?(?:进度|物流)|联系(?:一下)?师傅|催(?:一下|促)|退款进度|检测中|(?:配件|电机|主板)[^，。]{0,8}(?:到了|到货|到站|到仓)",
        ),
        (
            "progress",
            3.5,
            CALLER,
            r"(?<!房东)(?<!中介)(?<!人)(?<!家)(?<!们)(?<!他)(?<!她)(?<!婆)(?<!公)(?<!妈)(?<!家都)(?<!们都)催(?!催|我|着|得|签|快)(?<!催催)",
        ),
        # an order that exists already
        (
            "progress",
            4.0,
            CALLER,
            r"(?:改|换)(?:个|一下|下)?(?:日子|维修时间|上门时间|约)|改天(?=[，。])|寄(?:到|过?去)[^。？]{0,10}(?:哪|收到)|(?<!我)收到(?:了)?(?:没有?|吗)|(?:一去|走了)就?[^，。]{0,3}没(?:影|信|再)|没给我(?:排|安排|派|约)|还没排|(?:退款|钱)[^。]{0,14}(?:都|已经)?第?[一二两三四五六七八九十]+天了|(?:取消|撤销?|撤掉)[^，。]{0,4}(?:一下|那个?|单|预约|报修)|师傅[^，。]{0,6}几点(?:能|会|可以)?到|(?:师傅|他|人)[^，。]{0,3}没联系(?:我|过)|是不是把我(?:漏|忘)|到今天(?:都|还)?没|催单|到底[^，。]{0,4}(?:修不修|来不来|还修|还来|装不装)|来不了[^。]{0,6}(?:改|换)|(?:约|定|排)的?[^。]{0,24}(?:能不能|可不可以|想|要|帮我)[^，。]{0,3}(?:改|换|挪|推|提前|延)",
        ),
        (
            "progress",
            4.0,
            CALLER,
            r"等到(?:哪天|什么时候|啥时候|几时|猴年)|我?约(?:了|的|好)[^。]{0,24}改(?:下|到|成)?(?:下?个?(?:周|礼拜|星期)|[明后]天|别的)|(?:申请|审核)[^，。]{0,4}(?:提交|交)?了?[^，。]{0,3}天了?|[机货](?:子|器)?发了?没|(?:让|叫)(?:他|师傅)[^，。]{0,4}(?:晚|早|提前|推迟)|(?:没来|没人来过|没修)[^。]{0,8}(?:完工|完成|结单|关单)|(?:完工|完成|结单)[^。]{0,12}(?:没来|没修)|撤单|明天不用来|不用来了",
        ),
        ("maintenance", -3.5, CALLER, r"约(?:了|的|好)[^。]{0,24}改(?:下|到|成)"),
        (
            "repair",
            -6.0,
            CALLER,
            r"先(?:派|叫|让|请)?[^，。]{0,3}人?来?看看?[^，。]{0,6}(?:打孔|怎么装|能不能装|装不装得)",
        ),
        ("install", -4.0, CALLER, r"装(?:上|好)了[^。]{0,8}(?:结果|就|还是)[^，。]{0,3}[不没漏响]"),
        ("progress", 2.5, AGENT, r"核实一下，?重新派|我?催一?下?师傅|(?:帮您|给您)?联系(?:一下)?(?:网点|师傅)"),
        (
            "install",
            3.0,
            CALLER,
            r"拆(?:机|下来)[^。]{0,12}(?:存|放|搬|带走)|打孔(?!.{0,3}(?:收|多少|要钱))|走管|(?:架子|支架|挂架)[^。]{0,14}(?:固定|抬高|挪|装|换)|联系安装|没[^，。]{0,4}来装",
        ),
        ("install", 2.5, AGENT, r"拆机[^，。]{0,4}[一二两三四五]|勘测|移位|登记安装"),
        (
            "maintenance",
            2.5,
            AGENT,
            r"更换滤芯[^，。]{0,3}[一二两三四五六七八九]百|登记(?:保养|清洗)|(?:清洗|保养)师傅|(?:拆洗|深度清洗)",
        ),
        (
            "maintenance",
            3.0,
            CALLER,
            r"做[^，。]{0,3}(?:安检|体检|保养|检查|清洗)|[泡洗刷]一[泡洗刷]|[泡洗刷]洗?(?:油网|滤网|内机|外机)|(?:帮我|给我|来|想|要)换(?:一[套遍轮]|一下)?滤|几[根支]一起换",
        ),
        (
            "return_exchange",
            4.0,
            CALLER,
            r"办(?:个|理|一下)?退|重新(?:给我)?(?:发|寄|送)一?[台个]|(?:重发|补发)一?[台个]|(?:不接受|拒收)，?[^，。]{0,4}退|那退(?=[，。]|$)",
        ),
        (
            "complaint",
            3.5,
            CALLER,
            r"(?:处理|开除|处罚|管管)(?:一下)?(?:这|那)个?(?:师傅|人|网点|工人)|说道说道|私下收|私人(?:收款|号码)|(?:要|得|必须|给我)[^，。]{0,3}道歉|要求换人|(?:刮|划|弄|碰|砸)[^，。]{0,4}(?:我家|新刷|墙|地板|家具)|(?:我家|新刷的?|墙|地板|家具)[^，。]{0,4}(?:刮|划|弄坏|碰坏|砸)(?!.{0,6}搬家)|坑人",
        ),
        (
            "complaint",
            7.0,
            CALLER,
            r"(?:^|[。！？])(?:(?!再不|再没|再拖|要是|如果|不然|否则|还不|没人来|的话)[^。！？])*(?:我|今天|现在)就是?要?投诉",
        ),
        (
            "progress",
            6.0,
            CALLER,
            rf"(?:说|讲|约)(?:好|定)?(?:的|了|是)*{_DAY}[^。？]{{0,10}}(?:送|来|到|装|修)[^。]{{0,10}}等到(?:现在|[一二三四五六七八九十]+点)|(?:送|来|装|修)还是不(?:送|来|装|修)",
        ),
        ("complaint", 2.0, AGENT, r"转投诉|处理(?:这位|那位)|(?:向您)?道歉并"),
        (
            "enquiry",
            3.0,
            CALLER,
            r"(?:万一|要是|假如)[^。]{0,12}(?:咋办|怎么办|找谁)|(?:好|行|哦)，?(?:我)?(?:记下|知道|明白|晓得)了|就问问|第一次用[^。]{0,6}(?:注意|要)",
        ),
        # parts that wear out, and care
        (
            "maintenance",
            3.5,
            CALLER,
            r"(?:滤芯|芯子?|镁棒|前置|活性炭|滤网|滤袋|边刷|滚刷)[^。？]{0,18}(?:来换|换一?[套遍个支根]|要换|该换|得换|给换)|(?:消毒|除菌|杀菌|除螨)[^，。]{0,3}(?:清洁|一下|服务)|清洗[^，。]{0,6}服务|(?:洗|保养|清洁|维护|检查)(?:一下|一遍|一次|一回)(?:空调|烟机|油烟机|洗衣机|热水器|冰箱|机器|壁挂炉|净水器)|(?:叫|喊|找|请|约|派)[^，。修]{0,6}(?:洗|保养)",
        ),
        (
            "return_exchange",
            4.0,
            CALLER,
            r"(?:给我?|帮我?|麻烦|能不?能?)[^，。修]{0,4}换(?:一?[台个](?:新的|好的|一样的)?(?=[，。？吧呗]|$)|新(?=[，。？不吗吧的]))|发错|不是[^，。]{0,4}(?:一个|同一)型号|退了拉倒|怎么退|(?:反正|就是?|坚决)要?退|原路退",
        ),
        (
            "enquiry",
            -4.0,
            CALLER,
            r"(?:给我|帮我|麻烦|那就?|想)[^，。？]{0,3}(?:约|排|登记|安排)(?:一?[个下]|上)|那就?来(?:换|修|洗|装|弄)?(?:吧|一趟|看看)",
        ),
        (
            "enquiry",
            4.0,
            CALLER,
            r"我?自己(?:会|能|去|来|上网|网上|拿过去|送过去|弄|买|换)(?!了)[^。]{0,6}(?:[就好行吧，。]|$)|不用上门|(?:哦|好|哎|欸)[^，。]{0,2}，?(?:可以了|好了|开了|行了|出来了|亮了)[，。][^。]{0,6}谢|怎么(?:投屏|用|调|设置|设|连|联网|关掉?|取消|解除|清零|复位|解锁|配对|使)(?!.{0,4}不)|正常[不吗](?=[，。？])|(?:想|就)知道[^。]{0,14}多少钱|商量商量|等你们?[^，。]{0,4}活动",
        ),
        ("progress", -5.0, CALLER, r"我?现在约|还没(?:有)?(?:预)?约|没有?预约"),
        (
            "enquiry",
            2.5,
            CALLER,
            r"买(?:个|一?[个根块条])?配件|配件.{0,8}多少钱|有(?:没有)?(?:得)?卖|能(?:不能)?(?:自己|单独)?买(?:到)?|想买(?:个|一)|在哪(?:里)?买",
        ),
        ("enquiry", 3.5, CALLER, r"不修了|不弄了|不装了(?!的)|不买了|那?就?算了[，,。]?.{0,3}(?:谢谢|再见)"),
        ("repair", -4.0, CALLER, r"不修了|不弄了"),
        (
            "complaint",
            3.0,
            CALLER,
            r"给(?:我)?(?:一?个)(?:说法|交代|交待|解释)|(?<!搬家)(?:师傅|安装工|工人)[^，。]{0,10}(?:划|刮|蹭|磕)了|反映(?:个|一个|一下|你们|下)*[^。？]{0,14}(?:师傅|工人|安装|服务|态度|收费|网点|客服|上门的|小伙子)|(?:领导|负责人|老板)(?:是谁|电话|在哪)|归谁管|(?:我要|我就|得)反映|举报|弄虚作假|要个?(?:说法|交代)|爱修不修|太过分|没素质",
        ),
        (
            "maintenance",
            3.5,
            CALLER,
            r"换芯|(?<!才)(?<!刚)换(?:个|下|一下)?芯子|芯子.{0,3}(?:该|要|得)换|更换滤芯|滤芯.{0,4}到期|上门更换",
        ),
        (
            "repair",
            1.5,
            BOTH,
            r"维修|报修|检修|修一下|修理|来修|修一修|上门看|派师傅|来看看|修吧|寄修|送修|帮我修|要修|(?<!要是)(?<!万一)(?<!如果)(?<!不是)坏了|检测",
        ),
        ("repair", 0.5, AGENT, r"师傅|派单|登记"),
        (
            "repair",
            2.0,
            CALLER,
            r"(?:来个?人|师傅|请你们|喊人|叫人|派人)[^，。装洗换送]{0,5}(?:瞅|瞧|[搞整弄][一]?[下哈]|检查)|坏(?:咯|嘞|啰|喽|掉了|得)|能修[吗么不嘛]|叫人来(?!装|洗)|来人吧|睇下",
        ),
        (
            "maintenance",
            -3.5,
            CALLER,
            r"说明书[^，。]{0,8}洗|洗(?:了|过|完)了?[^。]{0,4}(?:还|也|没用|以后|之后)|清洗完",
        ),
        ("repair", 2.0, CALLER, r"(?:顺便|顺带|顺手|来的时候|一起|一块儿?|一并)[^，。装洗]{0,4}修"),
        ("install", -3.0, CALLER, r"移机(?:以后|之后|后|完|过)"),
        ("complaint", 4.0, CALLER, r"给我赔|(?:赔|赔偿)我?(?:钱|损失)"),
        ("enquiry", 2.5, CALLER, r"单卖|单独卖|卖不卖|卖不(?=[，。？]|$)"),
        ("progress", 4.0, CALLER, r"单子?[^，。]{0,4}(?:到底|几时|什么时候|啥时候)[^，。]{0,4}(?:有人|来|派)"),
        (
            "repair",
            3.0,
            AGENT,
            r"(?<!另外)(?<!另外给您)(?<!也给您)(?<!再给您)(?<!一起)(?:登记|安排|转)(?:成|为|一个|个|上门|免费|了)*(?:维修|报修)(?![过的单])",
        ),
        (
            "enquiry",
            2.5,
            CALLER,
            r"(?:要是|万一|如果|以后)[^，。]{0,8}坏[^，。]{0,4}[保管]|坏了保不保|是不是要(?:自己|每)",
        ),
        (
            "progress",
            -6.0,
            CALLER,
            r"(?:修(?:过|了|完|一[次回])|报[过了]修|(?:来|弄|换)[过了])(?!没人)[^。？?]{0,24}(?:还是(?:那样|那个样|老样|老毛病|不|没[修好用])|照样|照旧|依旧|跟没修|和没修|老样子|没用|不管用|又(?:犯|坏|不|开始|漏|响|来了))",
        ),
        (
            "install",
            3.0,
            CALLER,
            r"(?:想|要|预约|什么时候|啥时候|能来|给|帮我|来|过来|重新|约).{0,6}(?:安装|装一下|装上|来装|能装|挂墙|报装|装机)|报装|移机|(?:要|想)装|来装",
        ),
        (
            "install",
            -3.0,
            CALLER,
            r"装完|装好(?:了|之后|以后|没)|(?:上周|上个月|昨天|前天|去年|师傅|你们).{0,6}装的|刚装|装了(?:才|没|[一二两三四五六七八九十几]+(?:天|个|年))|装的时候",
        ),
        (
            "complaint",
            2.0,
            CALLER,
            r"装完.{0,14}(?:磕|坏|漏|歪|裂)|什么手艺|给(?:我|我们).{0,12}(?:磕|碰|弄|打|刮)(?:坏|掉|裂|花)",
        ),
        ("install", 1.2, AGENT, r"安装地址|登记安装|安装师傅|报装|预约安装|安装热线|装在哪|移机|货到了"),
        (
            "return_exchange",
            4.0,
            CALLER,
            r"退货|换货|要退|想退|退了|退钱|换一台|换台新|退掉|换个新的|给我退|给我换(?!芯|滤|个?芯)",
        ),
        ("return_exchange", 1.5, AGENT, r"退货|换货|退换|(?:退|换)[^，。]{0,3}还是[^，。]{0,4}(?:退|换)"),
        ("return_exchange", 3.0, AGENT, r"(?:给|帮|为)您(?:免费|直接|申请|办理?)?(?:换新|换货|换一台|退货|退机)"),
        ("maintenance", 2.0, AGENT, r"(?:建议|需要|可以)更换滤芯|滤芯到期|上门更换滤芯"),
        (
            "repair",
            9.0,
            CALLER,
            r"(?:那就?|还是|先|就)(?:给我)?修(?:一下|修看|吧|好)|修吧修吧|先(?:让|叫|派|请).{0,4}(?:师傅|人).{0,4}(?:看|修)|修就修(?!不)|不退了(?!吗)|不换了(?![^？?]{0,18}退(?!不))|先不退|先(?:给我|你们)?来?修|修修看",
        ),
        (
            "maintenance",
            3.5,
            CALLER,
            r"(?<!没)(?<!没有)(?<!才)(?:保养|清洗)(?!过|完|盘|剂|液|槽|拖布|抹布|不)|(?:要|想|该|需要|约|预约|帮我|来).{0,6}换.{0,3}滤芯|滤芯.{0,4}(?:该|要|得|到期|需要).{0,2}换|(?:空调|油烟机|热水器|洗衣机)[^，。]{0,3}要洗(?=[，。])|年检|深度清洁|(?:想|要|约|来|叫|帮)[^，。衣]{0,8}(?:洗洗|拆洗|洗一洗)|拆洗|洗一下|做个检查",
        ),
        (
            "complaint",
            5.0,
            CALLER,
            r"(?<!没有)(?<!不是)(?<!不)(?<!我就)(?:要|就|来|我)投诉(?!我)|赔我|得赔|赔偿|讨个说法",
        ),
        (
            "progress",
            5.0,
            CALLER,
            rf"(?:本来|原来|原先|先前)(?:说|约|定|排)[好了的在是]*[^，。]{{0,4}}{_DAY}|(?:约|定|说|排)[好了的在是]*[^，。]{{0,2}}{_DAY}[^。]{{0,20}}(?:{_MOVED}|能?早点[不吗])",
        ),
        ("progress", 3.0, CALLER, rf"(?:想|能|要|得|帮我)[^，。]{{0,6}}(?:{_MOVED})"),
        (
            "progress",
            3.0,
            CALLER,
            r"(?:我|我那|有|查)个?[^，。]{0,6}(?<![买下订])单子?(?=[，。啊呢]|$)|单子?[^，。]{0,3}(?:啥|什么|怎么)个?(?:情况|样)",
        ),
        ("complaint", 3.0, CALLER, r"^(?:(?!没|不)[^，。]){0,3}，?(?:(?!没|不)[^，。]){0,3}(?:我?要|我?想|来)投诉"),
        (
            "complaint",
            2.0,
            AGENT,
            r"登记(?:为|一个|了)?投诉|投诉专员|您的?诉求|意见[^，。]{0,4}(?:记录|记下|反映)|反映给|投诉.{0,6}(?:登记|受理|记录|建好|提交|处理)|投诉单",
        ),
        ("repair", -4.0, CALLER, r"不是?(?:来|要)?报修|不是?(?:来|要)修"),
        (
            "repair",
            3.0,
            CALLER,
            r"这又|又(?:不对|坏|犯|不行|这样|出毛病|开始|漏|不转|不热|不冷)|(?:才|刚)(?:来)?修(?:过|完|好)",
        ),
        (
            "enquiry",
            3.0,
            CALLER,
            r"(?:清洗|保养|安装|移机|加氟)[^，。修]{0,8}(?:多少钱|怎么收费|什么价|贵不贵|收费标准)|网点[^，。]{0,4}在哪",
        ),
        (
            "enquiry",
            4.0,
            CALLER,
            r"不用登记|不登记|我?就(?:是)?(?:想)?(?:知道|晓得|了解|核实|核对|打听|问个)|随便问问|先问清楚|(?<!没)问清楚就",
        ),
        (
            "enquiry",
            1.2,
            CALLER,
            r"网点[^，。]{0,4}(?:在哪|哪里|地址)|多少钱|(?:收|要)(?:钱|费)不|[质保]修?保?(?:是)?几年|过没过保|要紧[不吗]|正不正常|正常吗|问一[下声]|打听|请问|问问|咨询|问下|怎么弄|保修几年|怎么用|怎么配|能不能买",
        ),
        ("enquiry", 3.0, CALLER, r"我?(?:再|先)看看|先问问|那?没事了|先不用|考虑一下|先了解"),
        (
            "progress",
            5.0,
            CALLER,
            r"到哪一?步|查(?:一下|个|下)?.{0,4}(?:单|进度|退款)|没人(?:来|联系)|(?:师傅|网点)(?:一直|还|都|也|老)*没(?:联系|打电话|消息)|(?<!到底)修好(?:了)?没|送修的|寄修的|还没影|改(?:一下|个)?.{0,8}时间|预约了|取消(?!不)|报的(?:修|.{0,6}维修)|等了一天|修得(?:咋样|怎么?样|如何)|改约|怎么还没|什么时候能?到|(?:师傅|人)(?:还|都|也)?(?:没|不见)(?:到|来|影)|说好.{0,8}来|约的[^。]{0,24}(?:没[来到人见]|还没)|预约[^，。]{0,6}(?:改|推|挪|取消|换)|还要等多久|报(?:过|了)个?修|报修的(?:那|单|空|冰|洗|热|电|油)|报的修|(?:前天|昨天|上周.?|大前天|那天|上次)(?:我)?(?:报|约)的",
        ),
        (
            "progress",
            2.5,
            AGENT,
            r"报修的?工单号|报.{0,4}单号|(?<!上次的)(?<!上回的)(?<!上一次的)(?<!上次)(?<!上回)(?<!之前的)工单号|寄修单号|退货单号|报修(?:的)?(?:时)?(?:登记|留)?的?(?:手机|电话)|登记(?:的)?(?:姓名|电话|手机)|催进度|预留手机号|报修电话是|查到了|原来约的",
        ),
    )
)


_WRONG_NUMBER = re.compile(r"(?<!别)(?<!不要)(?<!没)(?<!会)(?:打错(?:了|电话|号)|拨错)")


_CALL_AGAIN = re.compile(
    r"(?:等下|等一下|一会儿?|待会儿?|回头|过会儿?|晚点|改天)(?:我)?(?:再|重新)(?:给你们?)?(?:打|拨|说)(?!来|通)|(?:看|认|搞|弄)错了.{0,14}(?:没事|不用|打扰)"
)


def concrete(talk: Talk, *, named: bool, placed: bool) -> bool:
    """Whether the call is about an order at all: a wrong number, silence or abuse is not.

    ``named``: an appliance was named. ``placed``: an address or a telephone number was given; a caller who gives none
    and breaks off, or says that it was a mistake, has told no order.
    """
    if talk.gather("wrong_number", lambda _, t: () if t.by_agent else _WRONG_NUMBER.finditer(t.read)):
        return False
    wanted = any(c.weight >= 3 for c in talk.gather("cues", _cues) if not c.by_agent)
    if not placed and not wanted and talk.gather("who_we_are", _introduced_again):
        return False
    if not placed and talk.gather("call_again", lambda _, t: () if t.by_agent else _CALL_AGAIN.finditer(t.read)):
        return False
    return named or placed or wanted


_WE_ARE = re.compile("(?:这里|这边|我们)是[^，。]{0,10}(?:售后|客服|客户服务|服务热线)")


def _introduced_again(_: Talk, turn: Turn) -> Iterator[int]:
    """That the agent says again who they are, as the caller wants somebody else (搬家公司吗？—不是，这里是格力售后)."""
    told = turn.by_agent and turn.index > 1 and _WE_ARE.search(turn.read)
    if told:
        yield turn.index


def of_second(talk: Talk, belongs: Callable[[Span], bool]) -> Found | None:
    """The kind of the second order where the words about that appliance say one, else None: then it is the first's."""
    score: dict[str, float] = defaultdict(float)
    spans: dict[str, Span] = {}
    for cue in talk.gather("cues", _cues):
        if not cue.by_agent and belongs(cue.span):
            score[cue.kind] += cue.weight
            spans.setdefault(cue.kind, cue.span)
    kind = max(score, key=lambda k: score[k], default="")
    if not kind or score[kind] < 3 or kind in ("progress", "enquiry", "complaint"):
        return None
    return Found("service_type", kind, SERVICE_TYPES[kind], f"service.{kind}", SlotState.HEARD, (spans[kind],), 0.8)


class Cue(NamedTuple):
    """Words that speak for a kind of service, or against it."""

    kind: str
    weight: float
    span: Span
    by_agent: bool


_WHICH = re.compile(
    "(?:装|修|养|洗|投诉|退换?|退[货款钱]|换货?|咨询|查询|进度)(?:服务)?(?:呢)?[，]?(?:还是|或者?是?)[^。]{0,4}(?:装|移机|修|养|洗|投诉|退|换|咨询|查)"
)
_CHOSEN: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (
        kind,
        re.compile(f"[啊哎呃嗯哦喂，]*(?:你好，?)?(?:我?(?:是|要|想|做|来|就是|应该是|算是)?(?:要|来|做)?)(?:{words})"),
    )
    for kind, words in (
        ("install", "新?安装|装机|装(?=[，。吧的]|新)"),
        ("repair", "维修|报修|修(?=[，。吧的]|理)"),
        ("maintenance", "保养|清洗|洗(?=[，。吧的])"),
        ("complaint", "投诉"),
        ("return_exchange", "退货|换货|[退换](?=[，。吧的了一个])"),
        ("enquiry", "咨询"),
    )
)
CHOICE = 8.0
"""What the answer to 报修还是保养 weighs: more than any words by the way."""


def _chosen(turn: Turn) -> Iterator[Cue]:
    """The kind that the caller picks of those the agent asks between (请问是安装还是维修？—安装), or asks for."""
    if turn.by_agent or turn.question is None:
        return
    asked = turn.question.read
    if _WHICH.search(asked) or _WHAT_IS_WANTED.search(asked):
        for kind, words in _CHOSEN:
            if m := words.match(turn.read):
                yield Cue(kind, CHOICE, Span(turn.index, m.start(), m.end()), by_agent=False)


_WHAT_IS_WANTED = re.compile(
    "(?:您|你)[^，。？]{0,4}(?:希望|想|要求|诉求|打算)[^。？]{0,12}(?:怎么(?:处理|解决|弄|办)|还是|什么|是？|呢？|是$)|(?:要求|诉求)是"
)
"""您希望怎么处理？"""


_REPAIR_OFFERED = re.compile(
    "(?:需要|要不要|要|用|是)(?:来|要|想|给您|帮您|给你|为您|我们)*(?:报修|维修|检修|登记|派|安排|师傅)(?:一?个|一下|报修|维修|检修|师傅|人|上门|去|过去|过来|看看|检测|处理)*[吗呢么？?]"
)
_DECLINED = re.compile(
    "[，啊哦哎呃嗯那]*(?:暂时|现在|先|我|就|倒|都)*(?:不用|不需要|不是|不必|没有|没坏|没毛病|没问题|没啥|好着)"
)
DECLINED = -5.0
"""What a refused repair takes from it: the mention of it by the agent, and more."""


def _declined(turn: Turn) -> Iterator[Cue]:
    """That the caller wants no repair (需要登记维修吗？—不用，现在好好的), which leaves the question that was asked."""
    offered = not turn.by_agent and turn.question and _REPAIR_OFFERED.search(turn.question.read)
    if offered and (m := _DECLINED.match(turn.read)):
        span = Span(turn.index, m.start(), m.end())
        yield Cue("repair", DECLINED, span, by_agent=False)
        yield Cue("enquiry", 2.0, span, by_agent=False)


_OFFER_ENDS = re.compile("[^。？?]{0,8}(?:吗|[？?]|呢|好不好|行不行)")
_REFUSES = re.compile("[啊哎呃嗯哦那，]*(?:先不|不用|不需要|不了|不要|不约|暂时不|不必|不登记|先别)")
"""What an agent offers and the caller declines says nothing of what is wanted."""


def _cues(_: Talk, turn: Turn) -> Iterator[Cue]:
    """Each cue in an utterance."""
    yield from _chosen(turn)
    yield from _declined(turn)
    refused = turn.by_agent and turn.reply is not None and bool(_REFUSES.match(turn.reply.read))
    for kind, weight, who, pattern in CUES:
        if who in (BOTH, turn.segment.speaker) and (m := pattern.search(turn.read)):
            if refused and _OFFER_ENDS.match(turn.read, m.end()):
                continue
            yield Cue(kind, weight, Span(turn.index, m.start(), m.end()), turn.by_agent)


@dataclass(frozen=True, slots=True)
class Told:
    """What the other fields say about the kind.

    ``symptom``: the caller told one, which speaks for a repair. ``chased``: an older order's number was given.
    ``danger``: gas, shock or smoke was told, and help against it is what the call is for, however angry.
    """

    symptom: bool
    chased: bool
    danger: bool


WISH = 3.0
"""The least weight of a wish told outright."""


def _number_of_something_else(wishes: Mapping[str, float]) -> bool:
    """Whether an older order's number only says what a complaint or a return is about, by the caller's own words."""
    wish = max(wishes["complaint"], wishes["return_exchange"])
    return wish >= WISH and wish > wishes["progress"]


def settle(talk: Talk, belongs: Callable[[Span], bool], *, dispatched: bool, told: Told) -> Found:
    """The kind with the highest sum of cues.

    ``dispatched``: an address or appointment was given, which a mere question does not need.
    """
    score: dict[str, float] = defaultdict(float)
    wishes: dict[str, float] = defaultdict(float)
    spans: dict[str, Span] = {}
    number = 3.0 if told.chased else 0.0
    score["repair"] = (2.5 if told.symptom else 0.5) + (2.0 if told.danger else 0.0)
    minor: set[str] = set()
    for cue in talk.gather("cues", _cues):
        if cue.by_agent and cue.weight < 1:
            if cue.kind in minor:
                continue
            minor.add(cue.kind)
        if cue.by_agent or belongs(cue.span):
            spans.setdefault(cue.kind, cue.span)
            number += cue.weight if cue.by_agent and cue.kind == "progress" else 0.0
            score[cue.kind] += 0.0 if cue.by_agent and cue.kind == "progress" else cue.weight
            wishes[cue.kind] += 0.0 if cue.by_agent else cue.weight
    score["progress"] += 0.0 if _number_of_something_else(wishes) else number
    score["enquiry"] += -2.0 if dispatched else 1.0
    kind = max(score, key=lambda k: score[k])
    proof = (spans[kind],) if kind in spans else ()
    return Found("service_type", kind, SERVICE_TYPES[kind], f"service.{kind}", SlotState.HEARD, proof, 0.9)
