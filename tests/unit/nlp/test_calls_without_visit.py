"""Calls that end without a visit: advice, prices, conditions, second thoughts. No slot, no fault, no order of work."""

from __future__ import annotations

import pytest

from tests.unit.nlp.calls import fields

HELLO = ("a 您好，海尔客服，请讲。", "c 你好，我家冰箱冷藏室有点结冰。")
OFFER = "a 您可以先把温度调高一档，需要的话可以安排师傅上门检测。"

CALLERS_OWN = """
那我白天再打过来吧
我明天先去店里看看
晚上用的时候响得厉害些
周末我再想想
保修要到明年三月吧
过两天再说
我周六去你们网点问问
那我今晚自己试试
后天我妈回来，问问她再说
明天我把它挪一挪，看行不行
我下礼拜一上班了再给你们打
每天晚上都这样，我先观察观察
下个月发工资了再考虑
等国庆搞活动的时候我再看
我今天下午自己去五金店配一个
周日孩子们回来商量一下
先这么用着，过完年再说
我礼拜五出差回来再联系你们
明天一早又冻上了我再找你们
我晚上在公众号上填一下
早上起来开门的时候声音最大
我后天下午抽空擦一擦门封
十五号到期，还来得及吧
大晚上的响，吵得慌，我先关了
我明天把发票找出来再打给你
半夜老是响，白天倒没声
我十一回老家，回来再弄
那我月底之前下单
周三我自己送过去修吧
"""


@pytest.mark.parametrize("words", CALLERS_OWN.strip().splitlines())
def test_callers_own_times(words: str) -> None:
    """What callers do on their own, put off, or tell of the machine at a time is no appointment."""
    assert "appointment" not in fields(*HELLO, OFFER, f"c {words}。")


AGENTS = """
我们门店周一到周六上班，礼拜天休息
双十一到时候活动价两百九十九，比请师傅划算
整机保修到明年十一月二十号，过保以后师傅上门要收检测费
配件后天能寄出，您自己换上就行，不用师傅
您明天早上再看看结冰化了没有，没化再约师傅
网点早上九点开门，晚上六点关门，您过去前打个电话
这个月三十号之前注册可以多送半年保修
系统明天会推送短信，您按短信操作就可以
您晚上睡觉前再清一下水槽，观察两天
仓库周五补货，到时候您在商城拍
谷电十点以后便宜，您可以定时到夜里
优惠券二十五号截止
"""


@pytest.mark.parametrize("words", AGENTS.strip().splitlines())
def test_agents_other_times(words: str) -> None:
    """Opening hours, offers, deadlines, parcels and advice are no appointment."""
    assert "appointment" not in fields(*HELLO, OFFER, "c 我先问问。", f"a {words}。", "c 好的。")


VISITS = """
明天我在家，你们来吧|11-19T08|11-19T18
周六我回家，周六上午来吧|11-21T08|11-21T12
我后天下午三点到家，你们三点以后来|11-20T15|11-20T18
我明天上班，后天上午可以|11-20T08|11-20T12
晚上响得厉害，明天上午来修吧|11-19T08|11-19T12
我去上班了，明天下午你们过来，我妈在家|11-19T13|11-19T18
孩子周六放假，周日上午上门吧|11-22T08|11-22T12
我想约周五下午|11-20T13|11-20T18
周五下午吧，我自己在家|11-20T13|11-20T18
二十号师傅能来看看吗，我那天休息|11-20T08|11-20T18
这周末我有空，周六上午吧|11-21T08|11-21T12
"""


@pytest.mark.parametrize("case", VISITS.strip().splitlines())
def test_visits_that_sound_alike(case: str) -> None:
    """A visit is agreed on all the same where the caller tells of the day besides."""
    words, start, end = case.split("|")
    slot = fields(*HELLO, "a 好的，给您安排师傅上门，什么时候方便？", f"c {words}。")["appointment"]
    assert slot == {"start": f"2026-{start}:00:00+08:00", "end": f"2026-{end}:00:00+08:00"}


QUESTIONS = """
洗衣机那个童锁怎么解开啊|a 同时按住两个键三秒。|c 哦，开了开了，谢谢。
你们空调的延保怎么买|a 公众号里就能买，三百九十九三年。|c 行，我琢磨琢磨。
热水器冬天水温设多少度合适|a 建议五十五度左右。|c 好嘞，我调到五十五。
冰箱刚搬完家要放多久才能插电|a 静置两个小时就行。|c 晓得了，谢谢。
油烟机的油杯单独卖不卖，多少钱|a 有的，四十五。|c 那还行，我在你们商城拍一个。
电视的保修期是从哪天算起的|a 按发票日期算。|c 那我回头找找发票，没事了。
净水器滤芯可以自己换吗|a 可以的，拧下来换上就行。|c 好，我自己弄，不麻烦师傅了。
空调装封闭阳台里行不行|a 不建议，散热不好。|c 哦这样啊，我跟设计师说一声。
洗碗机里用普通洗洁精可以不|a 不行的，泡沫太多。|c 幸亏问了，我去超市买专用的。
烤箱说预热，怎么看预热好了没|a 灯灭了就是好了。|c 原来是这样，懂了。
你们那个以旧换新旧冰箱能抵多少钱|a 看型号，一般两百到五百。|c 行，我考虑考虑。
壁挂炉压力表指到零点八正常吗|a 偏低一点，补到一点五就行。|c 好的，我补一下水。
加湿器用自来水行不行|a 最好用纯净水。|c 好，明白了。
我想问问微波炉能不能热鸡蛋|a 带壳的不可以。|c 好的好的，谢谢提醒。
扫地机器人拖布多少钱一套|a 五十九。|c 比网上贵啊，我再比较比较。
马桶盖对水压有没有要求|a 零点零七兆帕以上。|c 那我先让物业测一下水压。
你们家空调外机支架保几年|a 支架不在保修范围。|c 啊不保啊，行吧知道了。
冷柜夏天一个月大概费多少电|a 一天一度左右。|c 还行还行，心里有数了。
洗衣机一按就说童锁，是不是坏了|a 长按童锁键三秒。|c 按了，好了好了，能转了，不用来了。
电饭煲用了八年了，内胆还能不能用|a 涂层没掉就可以继续用。|c 那就先用着，以后再说。
冰箱保修卡丢了影响保修吗|a 不影响，凭机身条码。|c 那就放心了。
我家热水器，夏天不用的时候要不要把电拔了|a 长期不用可以拔。|c 好的，出差前我拔掉。
我家洗衣机，羊毛衫用哪个程序|a 用羊毛洗，水温三十度。|c 行，我试试看。
我家净水器，出来的水T D S值三十多正常吗|a 属于正常范围。|c 那就好，我还当是滤芯不行了。
我想问下你们旗舰店买的冰箱发票在哪开|a 订单详情里申请电子发票。|c 好找到了，谢谢。
我家油烟机，想问一下拆洗一次怎么收费|a 侧吸两百二，顶吸两百六。|c 这么贵，我先问问别家。
我家电视，七十五寸挂墙孔距多少|a 四百乘四百。|c 记住了，我叫装修师傅留板子。
我家燃气灶，灶具过了八年要不要换|a 国家规定八年报废。|c 那我趁六一八买个新的。
我家壁挂炉，晚上睡觉要不要关|a 调低就行，不用关。|c 明白，那不关了。
微波炉能放不锈钢碗吗|a 不可以，会打火。|c 还好没放，谢谢啊。
我家扫地机器人，扫地机换个路由器怎么重新连网|a 长按两个键，听到语音再配网。|c 连上了连上了，行了。
洗碗机放多少洗碗粉|a 十五克左右。|c 我一直放多了，怪不得有沫。
空调外机能不能装楼顶|a 可以的，管长别超过十五米。|c 那我买的时候跟卖家讲清楚。
电饭煲保温最长能多久|a 建议不超过十二小时。|c 嗯，晓得。
冰箱有延保卖吗，去年买的|a 有的，三年两百九十九。|c 我老公回来我跟他说说。
我家空气净化器，滤网能水洗吗|a 初效网可以，滤芯不行。|c 行，我周末洗一下初效网。
你们热水器能不能接太阳能|a 这款不支持。|c 那算了，打扰了。
洗衣机买了七天降价了能补差价吗|a 官方商城三十天价保，您在订单里申请。|c 好嘞，我去申请。
饮水机出水口的龙头单买多少钱|a 二十八，商城有。|c 我自己下单，不用上门。
我家空调，老房子电线细，能带三匹的柜机吗|a 要四平方以上的线。|c 我找电工看看再定。
冰箱两边发烫是不是正常|a 正常的，散热管在两边。|c 吓我一跳，没事了。
热水器显示三八是故障不|a 那是设定温度，三十八度。|c 哈哈我还以为坏了呢，不好意思。
我网上买的热水器，发票抬头开错了能重开吗|a 您联系店铺客服重开。|c 好，我找店家去。
"""


@pytest.mark.parametrize("case", QUESTIONS.strip().splitlines())
def test_questions_that_are_answered(case: str) -> None:
    """A question that the agent answers is an enquiry, and nothing is wrong with the machine."""
    asked, *rest = case.split("|")
    heard = fields("a 您好，海尔客服，请讲。", f"c 你好，{asked}？", *rest, "a 好的，再见。")
    assert heard["service_type"] == "enquiry"
    assert not {"fault", "appointment", "address", "urgency"} & heard.keys()


CURED = """
我家油烟机一直响，是不是没关好|a 您看一下延时功能是不是开着。|c 哦还真是，关了，不响了。
电视突然没声音了|a 您看下遥控器静音键。|c 诶，有声音了，是孩子按的，谢谢。
空调不制冷，遥控器上是个太阳|a 太阳是制热，您按模式键换成雪花。|c 换了，凉风出来了，好了。
洗衣机不进水了|a 水龙头开了吗？|c 啊，关着呢，我开开……进水了，好了好了，麻烦你了。
冰箱一直滴滴叫|a 您看门关严没有？|c 哦，抽屉顶着了，推进去，不叫了，谢谢。
燃气灶打不着火|a 电池换过吗？|c 我换一节啊……着了着了，原来没电了，好了。
热水器不出热水|a 您把插头拔下来等一分钟再插。|c 插上了，有热水了，那不用麻烦师傅了。
"""


@pytest.mark.parametrize("case", CURED.strip().splitlines())
def test_what_goes_away_on_the_phone(case: str) -> None:
    """A machine that works again while they talk leaves a question behind and no visit."""
    trouble, *rest = case.split("|")
    heard = fields("a 您好，海尔客服，请讲。", f"c 你好，{trouble}。", *rest, "a 好的，再见。")
    assert heard["service_type"] == "enquiry"
    assert "appointment" not in heard


NOT_SYMPTOMS = """
空调加氟多少钱一个压|a 一百三。|c 我先问问价。
冰柜里面的霜要不要刮掉|a 厚了再刮。|c 行，知道了。
你们净水器的滤芯我自己买行吗|a 非原装的容易漏水，漏水我们不保的。|c 那我还是买原装吧。
空调装封闭阳台行不行|a 散热不好会停机保护。|c 那不装里面了。
热水器上那个漏电保护按钮多久按一次|a 一个月一次。|c 好的。
冰箱三门的和对开门的哪个省电|a 三门的省。|c 行，那我买三门的。
"""


@pytest.mark.parametrize("case", NOT_SYMPTOMS.strip().splitlines())
def test_work_and_warnings_are_no_symptoms(case: str) -> None:
    """What work costs, what one could do and what an agent warns of is wrong with no machine."""
    asked, *rest = case.split("|")
    heard = fields("a 您好，海尔客服，请讲。", f"c 你好，{asked}？", *rest)
    assert not {"fault", "safety", "address"} & heard.keys()


def test_mainly_is_no_condition() -> None:
    """主要是 names the matter, 要是 would be a condition."""
    heard = fields("a 您好，请讲。", "c 洗衣机咣咣响，又漏水，主要是这个漏水，响我能忍。")
    assert heard["fault"] == "漏水"


ORDERS = """
repair 你好，洗衣机不脱水，能修吗|a 可以的，地址报一下？|c 杭州市西湖区文三路八号一栋二零一。|a 明天上午可以吗？|c 可以，知道了。
repair 请问空调不制冷是怎么回事|a 可能缺氟，给您派师傅看看？|c 行，多少钱？|a 检测费五十。|c 好，上门看看吧，地址是杭州市西湖区文三路八号。
repair 我家冰箱不停机，是不是正常的|a 不太正常，建议上门检测，给您安排？|c 行，安排吧，明天上午。|a 地址？|c 杭州市西湖区文三路八号一栋二零一。
install 你好，油烟机买回来了，能不能装，要准备什么|a 给您安排安装师傅，地址？|c 杭州市西湖区文三路八号一栋二零一，周六来吧。
maintenance 空调清洗多少钱一台|a 一百二。|c 行吧，给我约一个，周六上午。|a 地址？|c 杭州市西湖区文三路八号一栋二零一。
progress 我前天报的修，师傅说再联系我，怎么没动静|a 帮您查一下，师傅今天下午联系您。|c 好，知道了。
repair 热水器打不着火，我自己换了电池也不行|a 给您登记维修，地址？|c 杭州市西湖区文三路八号一栋二零一。|a 明天上午？|c 行。
complaint 我要投诉昨天来的师傅，态度太差，还多收钱|a 抱歉，给您登记投诉，主管明天联系您。|c 好，我等着。
"""


@pytest.mark.parametrize("case", ORDERS.strip().splitlines())
def test_orders_that_ask_much(case: str) -> None:
    """An order stays one, however many questions the caller asks before it."""
    kind, _, talk = case.partition(" ")
    asked, *rest = talk.split("|")
    assert fields("a 您好，海尔客服，请讲。", f"c {asked}？", *rest)["service_type"] == kind
