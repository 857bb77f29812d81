"""Who the order is for."""

from __future__ import annotations

import pytest

from tests.unit.nlp.calls import fields

START = ("a 您好，请讲。", "c 我家空调不制冷。", "a 请问您怎么称呼？")

ANSWERS = """
我姓王，王建国，建设的建，国家的国|王建国
免贵姓欧阳|欧阳
我叫诸葛慧敏|诸葛慧敏
刘晓燕，拂晓的晓，燕子的燕|刘晓燕
姓章，立早章|章
我是章，立早章，不是弓长张|章
叫我老蒋就行|蒋
卢先生|卢先生
韦小姐|韦女士
王阿姨|王女士
我姓谭，谭老师嘛|谭老师
我叫郝敏，郝就是赤耳郝|郝敏
姓单，单雄信的单|单
我姓区，区别的区，读欧|区
姓仝，仝倩，人工仝|仝倩
姓眭，目字旁一个圭，眭永强|眭永强
免贵姓逄|逄
尉迟明，明天的明|尉迟明
马骏，骏马反过来|马骏
滕飞，图腾的腾，哦不是，是滕王阁的滕|滕飞
行政部韦小姐|韦女士
宁可欣，宁静的宁，可以的可，欣赏的欣|宁可欣
彭志远|彭志远
我姓沈，沈阳的沈|沈
孟祥宇，幺三九幺二三四五六七八|孟祥宇
"""


@pytest.mark.parametrize("case", ANSWERS.strip().splitlines())
def test_answer_to_name(case: str) -> None:
    """Full names, surnames with titles, and explained characters."""
    words, name = case.split("|")
    assert fields(*START, f"c {words}。").get("customer_name") == name


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (("c 我姓何。", "a 何女士，您的地址？"), "何女士"),
        (("c 姓欧阳。", "a 欧阳大爷，师傅明天去。"), "欧阳先生"),
        (("a 您是郭女士吧？", "c 对，郭瑞雪。"), "郭瑞雪"),
        (("a 查到了，是许先生吗？", "c 不是许，是徐，双人徐，徐文斌。"), "徐文斌"),
        (("a 您爱人是潘立新先生？", "c 对。"), "潘立新"),
        (("a 好的孙先生，感谢您的理解。",), "孙先生"),
        (("a 他怎么称呼？", "c 他叫朱建军，我叫朱建民。"), "朱建军"),
        (("c 老宋，宋朝的宋。", "a 宋老板，十一点前给您派师傅。"), "宋老板"),
        (("c 我姓牛。", "a 刘女士，您的地址？", "c 对。"), "刘女士"),
        (("c 牛霄燕，拂晓的晓，燕子的燕。", "a 刘女士，留个电话。"), "刘晓燕"),
        (("c 名字就不说了，你就写业主。",), None),
        (("a 您贵姓？地址说一下。", "c 苏州市姑苏区人民路六号，八幢三单元四零二。"), None),
        (("a 您贵姓？地址说一下。", "c 姓单，苏州市姑苏区人民路六号，八幢三单元四零二。"), "单"),
        (("a 您贵姓？地址说一下。", "c 苏州市姑苏区人民路六号八幢，单元，三单元四零二。"), None),
        (("a 您贵姓？电话？", "c 幺三八零零零零一二三四马秀兰。"), "马秀兰"),
        (("a 您好，请稍等，我们师傅会联系您。",), None),
    ],
)
def test_name_in_talk(lines: tuple[str, ...], name: str | None) -> None:
    """The agent's form of address gives the title, and mends a surname that sounds the same."""
    assert fields(*START, *lines).get("customer_name") == name
