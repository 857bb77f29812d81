"""Host, origin and the client's address."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import make_mocked_request

from callcenter.config_sections import WebSettings
from callcenter.web.errors import HostUnknown, OriginForeign
from callcenter.web.guard import Guard, client_address

DIRECT = Guard(WebSettings(host="desk.lan"))
PUBLIC = Guard(WebSettings(public_url="https://desk.example.com"))


def asked_from(address: str, **headers: str):
    request = make_mocked_request(
        "GET", "/metrics", headers={name.replace("_", "-"): text for name, text in headers.items()}
    )
    return request.clone(remote=address)


@pytest.mark.parametrize("host", ["desk.lan", "DESK.LAN:8080", "localhost", "127.0.0.1:8080", "[::1]", "192.168.1.5"])
def test_our_names_and_literal_addresses_are_ours(host):
    """What a browser may rightly have in its address bar."""
    DIRECT.check_host(host)


@pytest.mark.parametrize(
    "host", ["", "evil.example", "desk.lan.evil.example", "127.0.0.1.nip.io", "[::1", "a/b", "@desk.lan:80.x"]
)
def test_other_names_are_not(host):
    """Names that somebody else's DNS may point at us."""
    with pytest.raises(HostUnknown):
        DIRECT.check_host(host)


@pytest.mark.parametrize(
    ("origin", "host", "ours"),
    [
        ("http://desk.lan:8080", "desk.lan:8080", True),
        ("https://desk.lan", "desk.lan", True),
        ("HTTP://Desk.LAN:8080", "desk.lan:8080", True),
        ("http://desk.lan:9090", "desk.lan:8080", False),
        ("http://desk.lan:8080.evil.example", "desk.lan:8080", False),
        ("http://desk.lan:8080/x", "desk.lan:8080", False),
        ("ftp://desk.lan:8080", "desk.lan:8080", False),
        ("null", "desk.lan:8080", False),
        ("", "desk.lan:8080", False),
    ],
)
def test_the_origin_must_be_the_host_asked(origin, host, ours):
    """Scheme http or https, name and port equal to Host, nothing more."""
    if ours:
        DIRECT.check_origin({"Origin": origin}, host)
    else:
        with pytest.raises(OriginForeign):
            DIRECT.check_origin({"Origin": origin}, host)


def test_with_a_public_address_only_that_is_our_origin():
    """The proxy's Host does not matter, the scheme does."""
    PUBLIC.check_origin({"Origin": "https://desk.example.com"}, "127.0.0.1:8080")
    for origin in ("http://desk.example.com", "http://127.0.0.1:8080", "https://desk.example.com:444"):
        with pytest.raises(OriginForeign):
            PUBLIC.check_origin({"Origin": origin}, "127.0.0.1:8080")


@pytest.mark.parametrize(
    ("address", "headers", "local"),
    [
        ("127.0.0.1", {"Host": "127.0.0.1:8080"}, True),
        ("::1", {"Host": "localhost"}, True),
        ("10.0.0.1", {"Host": "localhost"}, False),
        ("127.0.0.1", {"Host": "desk.lan"}, False),
        ("127.0.0.1", {"Host": "localhost", "X_Forwarded_For": "10.0.0.1"}, False),
        ("127.0.0.1", {"Host": "localhost", "Forwarded": "for=10.0.0.1"}, False),
    ],
)
def test_local_is_neither_a_proxy_nor_another_machine(address, headers, local):
    """A proxy on this machine asks for others: that is not local."""
    assert DIRECT.local(asked_from(address, **headers)) is local


@pytest.mark.parametrize(
    ("address", "forwarded", "client"),
    [
        ("10.0.0.7", None, "10.0.0.7"),
        ("10.0.0.7", "1.2.3.4", "10.0.0.7"),
        ("127.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        ("127.0.0.1", None, "127.0.0.1"),
    ],
)
def test_only_a_proxy_of_ours_is_believed(address, forwarded, client):
    """X-Forwarded-For counts from loopback only, and only its last hop, which the client cannot forge."""
    headers = {"X_Forwarded_For": forwarded} if forwarded else {}
    assert client_address(asked_from(address, **headers)) == client
