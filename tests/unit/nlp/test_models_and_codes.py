"""Models and fault codes: spelled in parts, corrected, read back, broken off, and told from each other."""

from __future__ import annotations

import pytest

from tests.unit.nlp.calls import fields

BEFORE = ("a 您好，海尔服务，请讲。", "c 空调不制冷了。")
PLACE = ("a 您的地址？", "c 南京市鼓楼区汉口路八号二栋三零一。")
TOLD: tuple[tuple[str, ...], ...] = (
    ("KFR26GW", "", "a 型号是？", "c K F R 三五 G W，哦不对，二六 G W。"),
    ("KFR32GW", "", "a 型号是？", "c K F R 三五 G W。", "a K F R 三五 G W，对吗？", "c 不是三五，是三二。"),
    ("KFR35GW", "", "a 型号是？", "c K F R 三五 G W。", "a K F R 二五 G W？", "c 三五，不是二五。"),
    ("KFR72", "", "a 哪一款？", "c 静悦那款，K F R 七二。"),
    ("8200", "", "c 型号是八二零零。"),
    ("JSQ24A", "", "a 型号呢？", "c 铭牌上写着 J S Q 二四，横线，后面一个 A。"),
    ("BCD216", "", "a 型号？", "c B C D，二一六，后面 S T P 还是 S D P 看不清了。"),
    ("", "", "a 型号报一下。", "c 型号看不清，磨没了。"),
    ("XQG100", "", "c 机身上贴着 X Q G 一百。"),
    ("EG100B109", "", "a 机器型号方便看一下吗？", "c 等我看看啊，是 E G，幺零零，B 幺零九。"),
    ("R1800PRO", "", "a 型号报一下。", "c R，幺八零零，Pro。"),
    ("J5", "E301", "a 海尔 J 五对吗？", "c 对，J 五，昨天屏上报 E 三零幺。"),
    ("X30", "", "a 您是海尔 X 三零那款吧？", "c 对的。"),
    ("T8", "", "a 型号？", "c 海尔的 T 八。"),
    ("TC8", "F2", "c 海尔的 T C 八，屏上跳 F 二。"),
    ("", "E5", "c 屏幕上跳 E 五。"),
    ("", "U4", "c 线控器上报 U 四。"),
    ("", "03", "c 控制面板报代码，零三。"),
    ("", "11", "c 屏上显示幺幺。"),
    ("", "CL", "a 有代码吗？", "c 屏上是 C L。"),
    ("", "DH", "a 显示屏有没有显示什么？", "c 有，两个字母，d H。"),
    ("", "F01", "c 一直闪 F 零幺。", "a F 零一，好的。"),
    ("", "E103", "c 故障码 E 幺零三。"),
    ("", "E9", "c 报的是 E 四，不对，是 E 九。"),
    ("", "E6", "c 昨天报 E 二，现在是 E 六。"),
    ("", "F3", "a 报什么错？", "c 先是 E 二，后来变成 F 三了。"),
    ("", "E8", "a 显示 E 三吗？", "c 不是 E 三，是 E 八。"),
    ("E120", "", "a 有代码吗？", "c 没代码。", "a 型号呢？", "c E 幺二零。"),
    ("", "E7", "a 型号是？", "c 屏上就一个 E 七，型号我找不到。"),
    ("", "", "c 以前报过 E 五，这回没有代码。"),
    ("", "", "c 面板显示二六，设的就是二六。"),
    ("", "", "c 遥控器显示十八度，一点不凉。"),
    ("KFR50", "P2", "a 面板上有字吗？", "c 有个 P 二，型号是 K F R 五零。"),
    ("", "E05", "a 代码？", "c E，零，五。"),
    ("CXW238A6", "", "a 请问机型？", "c 就写着 C X W 杠二三八 杠 A 六。"),
    ("QXG2018", "", "a 型号最后几位？", "c 前面是 Q X G，后面四位二零一八。"),
    ("BCD501", "", "a 型号是 B C D 五零一，对吧？", "c 对。"),
    ("BCD510", "", "a 型号是 B C D 五零一，对吧？", "c 不对，五一零，B C D 五一零。"),
    ("KFR35GW", "", "a 型号有吗？", "c 有，K F R 三五，重复一遍，K F R 三五 G W。"),
    ("A390", "", "a 型号？", "c A 三九零，不是 E，是 A，三九零。"),
    ("TG80W", "", "a 型号？", "c T G 八零 V，不是 V，是 W。"),
    ("KFR35GW", "", "a 型号是？", "c K F R。", "a K F R。", "c 三五 G W。"),
    ("KFR35GW", "", "a 型号是？", "c K F R。", "a 嗯。", "c 三五。", "a 嗯，继续。", "c G W，完了。"),
    (
        "BCD501WTP",
        "",
        "a 型号是？",
        "c B C D。",
        "a 好的。",
        "c 五零一 W T P。",
        "a B C D 五零一 W T P，对吗？",
        "c 对。",
    ),
    ("KFR32GW", "", "a 型号是？", "c K F R 三五 G W。", "a K F R 三五 G W。", "c 不对，三二。"),
    ("KFR26GW", "", "a 型号是 K F R 三五 G W 吗？", "c 不是，二六的。"),
    ("KFR35GWN8", "", "a 型号？", "c K F R 杠三五 G W 斜杠 N 八。"),
    ("", "", "a 型号知道吗？", "c 不知道，反正是一匹半的。"),
    ("", "", "a 能看到型号吗？", "c 标签晒得看不清了，就看见前面 K F R 三个字母。"),
    ("55V6", "", "a 型号念一下。", "c T C L 五五 V 六。"),
    (
        "XQG90B1408",
        "E4",
        "a 面板有没有显示？",
        "c 有个 E 四在闪。",
        "a E 四是传感器。型号呢？",
        "c X Q G 九零，后面是 B 一四零八。",
    ),
    ("", "F7", "c 显示屏上有两个字，F 七。", "a F 七是吧？", "c 嗯。"),
    ("", "", "a 有没有故障代码？", "c 没有，屏是黑的。"),
    ("", "", "c 之前显示 E 二，师傅换了板子后不显示了，就是不冷。"),
    ("", "E5", "c 它一会儿 E 三一会儿 E 五，现在停在 E 五。"),
    ("A650", "", "a 型号？", "c 说明书上写的是 A 杠六五零。"),
    ("KFR26", "F1", "c 我这个是格力的 K F R 二六，屏上跳 F 一。", "a 二六挂机，F 一。"),
    ("SF40FC", "", "a 型号？", "c S F 四零 F C 几几几。"),
    ("KFR26GW", "", "a C G 五零幺七七三零，K F R 二六 G W，查到了。", "c 对的。"),
)
"""(model, code, turns); "" where there is none."""


@pytest.mark.parametrize("case", TOLD)
def test_what_is_spelled_is_the_model_or_the_code(case: tuple[str, ...]) -> None:
    """Question, words around and shape decide; what is denied or taken back in part leaves the rest standing."""
    model, code, *lines = case
    found = fields(*BEFORE, *lines, *PLACE)
    assert (found.get("model", ""), found.get("error_code", "")) == (model, code)
