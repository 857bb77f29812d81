"""Other programs' JSON by a mapping from the settings."""

from __future__ import annotations

import pytest

from callcenter.config_channels import WECHAT, WebhookMapping
from callcenter.errors import Invalid
from callcenter.features.report_mapping import mapped

SHOP = WebhookMapping(
    external_id="ticket.id",
    sender=("buyer.openid", "buyer.name"),
    text="issue.text",
    fields={"contact_phone": "buyer.mobile", "service_type": "kind", "address.detail": "buyer.street", "address.city": "city"},
    values={"service_type": {"1": "repair"}},
    constants={"brand": "格力"},
)  # fmt: skip


def test_parts_are_found_by_their_place():
    """Nested places, the first of several, their words for ours, parts of an address, constants; numbers become text."""
    document = {
        "ticket": {"id": 77},
        "buyer": {"name": "王芳", "mobile": 13800138000, "street": "文三路1号"},
        "issue": {"text": "空调漏水"},
        "kind": 1,
        "city": "杭州市",
    }
    found = mapped(document, SHOP)
    assert (found.channel, found.external_id, found.sender, found.text) == ("webhook", "77", "王芳", "空调漏水")
    assert found.fields == {
        "brand": "格力",
        "contact_phone": "13800138000",
        "service_type": "repair",
        "address": {"detail": "文三路1号", "city": "杭州市"},
    }


def test_what_is_missing_is_left_out():
    """Nothing is made up, and a document of another shape is no defect."""
    found = mapped({"buyer": "nobody", "issue": []}, SHOP.model_copy(update={"text": "none"}))
    assert (found.external_id, found.sender, found.text, found.fields) == (None, None, "", {"brand": "格力"})


def test_a_text_that_is_none_is_named():
    """An object where text is needed says which part and where it was looked for."""
    with pytest.raises(Invalid) as caught:
        mapped({"issue": {"text": {"a": 1}}}, SHOP)
    assert caught.value.field == "text"


def test_wechat_messages_and_forms_come_without_settings():
    """An official account's message, and a mini-program's form of our own field names."""
    message = mapped({"MsgId": 1, "FromUserName": "o6_bmj", "Content": "修空调", "MsgType": "text"}, WECHAT)
    assert (message.channel, message.external_id, message.sender, message.text) == ("wechat", "1", "o6_bmj", "修空调")
    form = mapped({"msg_id": "f1", "openid": "o6", "form": {"appliance": "空调"}}, WECHAT)
    assert (form.external_id, form.fields) == ("f1", {"appliance": "空调"})
