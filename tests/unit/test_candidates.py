"""Whom the desk offers as the caller, from those who share the number and those who sound like it."""

from __future__ import annotations

from callcenter.features.candidates import SHOWN, rank
from nlp.types import SlotState, SlotValue
from workorder.policy.sounds import family_key, sound_key
from workorder.views.assets import AssetView
from workorder.views.customers import AddressView, CustomerCard


def card(customer_id: str, name: str, place: str = "", appliance: str = "空调") -> CustomerCard:
    address = (AddressView("A", "浙江省", "杭州市", "西湖区", place, f"浙江省杭州市西湖区{place}"),) if place else ()
    asset = AssetView("E", appliance, "格力", "", "", None, None, "unknown")
    return CustomerCard(customer_id, name, "normal", (), address, (asset,), (), (), 0)


def said(name: str, value: str, state: SlotState = SlotState.HEARD) -> SlotValue:
    return SlotValue(name, value, value, 0.9, state, (), f"{name}.rule")


def ids(cards):
    return [card.customer_id for card in cards]


def test_the_likeliest_comes_first() -> None:
    """Name and appliance together beat the name alone; who is nothing like it is left out."""
    slots = (said("customer_name", "汪剑国"), said("appliance", "空调"))
    alike = (card("1", "王建国", appliance="冰箱"), card("2", "王建国"), card("3", "李雷", appliance="冰箱"))
    assert ids(rank(slots, (), alike)) == ["2", "1"]


def test_those_who_share_the_number_are_always_offered() -> None:
    """They come in the order of what is said, and last when nothing speaks for them, but they come."""
    shared = (card("1", "赵六"), card("2", "王芳"))
    assert ids(rank((), shared, ())) == ["1", "2"]
    assert ids(rank((said("customer_name", "王方"),), shared, ())) == ["2", "1"]
    strangers = tuple(card(str(n), "王芳") for n in range(10, 30))
    offered = ids(rank((said("customer_name", "王芳"),), shared, strangers))
    assert len(offered) == SHOWN
    assert {"1", "2"} <= set(offered)


def test_what_was_taken_back_does_not_count() -> None:
    """A withdrawn name brings nobody up."""
    assert rank((said("customer_name", "王建国", SlotState.WITHDRAWN),), (), (card("1", "王建国"),)) == ()


def test_names_that_sound_alike_have_one_key() -> None:
    """Characters, flat and curled initials, n and l, in and ing make no difference; titles leave the family name."""
    assert sound_key("王建国") == sound_key("汪剑国")
    assert sound_key("张宁") == sound_key("章林")
    assert sound_key("陈英") == sound_key("岑因")
    assert family_key("王女士") == family_key("老汪") == (sound_key("王"), False)
    assert family_key("王建国") == (sound_key("王建国"), True)
    assert family_key("") == ("", False)
