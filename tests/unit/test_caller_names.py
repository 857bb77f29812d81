"""Names of the caller's record in what the call's legs were heard to say."""

import pytest

from asr.events import Word
from callcenter.features.caller_names import KEPT, CallerNames, names_of
from callcenter.media.events import HeardName
from callcenter.media.transcriber import no_names
from workorder.views.assets import AssetView
from workorder.views.customers import AddressView, CustomerCard

HEARD = "速山南路三号"


def words(text=HEARD, confidence=0.6):
    return [Word(c, i * 300, i * 300 + 300, confidence) for i, c in enumerate(text)]


def customer(name="彭志远", detail="麓山南路3号橘洲新苑5栋2单元", brand="美的"):
    address = AddressView("a", "湖南省", "长沙市", "岳麓区", detail, "")
    asset = AssetView("s", "油烟机", brand, "CXW-200", "", None, None, "unknown")
    return CustomerCard(
        customer_id="c",
        name=name,
        level="",
        phones=(),
        addresses=(address,),
        assets=(asset,),
        open_orders=(),
        past_orders=(),
        order_count=0,
    )


def test_a_street_of_the_record_is_heard_for_what_sounds_like_it():
    """速山南路 is taken for the caller's 麓山南路; in a call of somebody else, or of nobody known, it is not."""
    known = {"one": customer(), "other": customer(detail="中山路9号")}
    names = CallerNames(known.get, no_names)
    assert names.find_names("one", HEARD, words()) == (HeardName(0, 4, "麓山南路"),)
    assert names.find_names("other", HEARD, words()) == ()
    assert names.find_names("unknown", HEARD, words()) == ()


def test_the_last_words_of_a_call_are_understood_as_its_others():
    """The desk lets a call go before its last words come; a person who is picked later counts from then on."""
    known = {}
    names = CallerNames(known.get, no_names)
    assert names.find_names("one", HEARD, words()) == ()
    known["one"] = customer()
    assert names.find_names("one", HEARD, words())
    known.clear()
    assert names.find_names("one", HEARD, words())


def test_old_calls_are_forgotten():
    """No more than a thousand calls are remembered, whoever calls."""
    calls = dict.fromkeys(map(str, range(KEPT + 1)), customer())
    names = CallerNames(lambda call_id: calls.pop(call_id, None), no_names)
    for call_id in list(calls):
        assert names.find_names(call_id, HEARD, words())
    assert names.find_names("0", HEARD, words()) == ()
    assert names.find_names("1", HEARD, words())


def test_names_of_the_record_go_before_those_of_the_catalogue():
    """Where both would put something in, the caller's own is taken; elsewhere the catalogue's stay, in order."""

    def others(_call_id, text, _words):
        return (HeardName(2, 4, "男路"), HeardName(text.index("美地"), text.index("美地") + 2, "美的"))

    text = HEARD + "美地"
    found = CallerNames({"one": customer()}.get, others).find_names("one", text, words(text))
    assert found == (HeardName(0, 4, "麓山南路"), HeardName(6, 8, "美的"))


@pytest.mark.parametrize(
    ("detail", "places"),
    [
        ("文三路288号翠苑三区12幢2单元501", {"文三路", "翠苑三区"}),
        ("龙溪街道松石支路5号", {"龙溪街道", "松石支路"}),
        ("梧田街道南塘大道12号楼", {"梧田街道", "南塘大道"}),
        ("A座1803", set()),
        ("", set()),
    ],
)
def test_an_address_gives_its_streets_and_estates(detail, places):
    """Numbers and what they count are no names; a sub-district and its street are two."""
    rest = {"彭志远", "湖南省", "长沙市", "岳麓区", "美的"}
    assert set(names_of(customer(detail=detail))) == rest | places


def test_forms_of_address_and_letters_are_no_names():
    """章女士 may be said of anybody called Zhang; Haier cannot be compared by its sound."""
    assert not {"章女士", "Haier"} & set(names_of(customer(name="章女士", brand="Haier")))
