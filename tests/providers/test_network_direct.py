"""Who is reached without a proxy, and what the system and the settings say of the proxy."""

from __future__ import annotations

import urllib.request

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel.providers.network import Network
from nuke_ai_panel.providers.network.direct import is_listed, is_this_computer
from nuke_ai_panel.providers.network.proxies import Proxy, UnusableProxy, proxy_address_problem, proxy_for

HERE = [
    "localhost",
    "LOCALHOST.",
    "api.localhost",
    "127.0.0.1",
    "127.8.9.1",
    "::1",
    "::ffff:127.0.0.1",
    "0.0.0.0",
    "::",
]
ELSEWHERE = ["localhost.example.com", "mylocalhost", "128.0.0.1", "10.0.0.1", "192.168.1.5", "fd00::1", "example.com"]


@pytest.mark.parametrize("host", HERE)
def test_this_computer_is_known_in_every_spelling(host: str) -> None:
    assert is_this_computer(host)
    everywhere = Network(proxy="manual", proxy_address="http://proxy.example:3128")
    assert proxy_for(everywhere, "http", host, 11434) is None


@pytest.mark.parametrize("host", ELSEWHERE)
def test_another_computer_goes_by_the_proxy_even_if_its_number_is_private(host: str) -> None:
    assert not is_this_computer(host)
    everywhere = Network(proxy="manual", proxy_address="http://proxy.example:3128")
    assert proxy_for(everywhere, "http", host, 80) == Proxy("http", "proxy.example", 3128, "settings")


@pytest.mark.parametrize(
    ("entry", "host", "port", "covered"),
    [
        ("studio.lan", "studio.lan", 80, True),
        ("studio.lan", "gpu.studio.lan", 80, True),
        (".studio.lan", "gpu.Studio.LAN", 80, True),
        (".studio.lan", "studio.lan", 80, True),
        ("*.studio.lan", "gpu.studio.lan", 80, True),
        ("*.studio.lan", "studio.lan", 80, False),
        ("studio.lan", "notstudio.lan", 80, False),
        (" studio.lan ", "studio.lan.", 80, True),
        ("*", "anything.example", 443, True),
        ("gpu*", "gpu7", 80, True),
        ("gpu:8080", "gpu", 8080, True),
        ("gpu:8080", "gpu", 80, False),
        ("10.0.0.0/8", "10.1.2.3", 80, True),
        ("10.0.0.5/8", "10.1.2.3", 80, True),
        ("10.0.0.0/8", "11.1.2.3", 80, False),
        ("10.0.0.0/8:8080", "10.1.2.3", 8080, True),
        ("10.0.0.5", "10.0.0.5", 80, True),
        ("10.0.0.5", "10.0.0.55", 80, False),
        ("10.0.0.0/8", "::ffff:10.0.0.1", 80, True),
        ("10.0.0.0/8", "10.example.com", 80, False),
        ("fd00::/8", "fd12::1", 80, True),
        ("[fd00::1]:8080", "fd00::1", 8080, True),
        ("[fd00::1]", "fd00::1", 1, True),
        ("", "anything.example", 80, False),
        (".", "anything.example", 80, False),
        ("nonsense/33", "10.0.0.1", 80, False),
    ],
)
def test_a_list_of_exceptions_is_read_as_no_proxy_is(entry: str, host: str, port: int, covered: bool) -> None:
    assert is_listed(host, port, ("other.example", entry)) is covered


@given(st.text(max_size=40), st.text(max_size=40), st.integers(0, 65535))
def test_no_entry_whatever_it_is_breaks_the_reading(entry: str, host: str, port: int) -> None:
    assert is_listed(host, port, (entry,)) in (True, False)
    assert is_this_computer(host) in (True, False)


@given(st.text(max_size=60))
def test_no_address_of_a_proxy_whatever_it_is_breaks_the_reading(text: str) -> None:
    assert isinstance(proxy_address_problem(text), str)


@pytest.mark.parametrize("entry", ["10.0.0.0/8", "api.example", ".example", "*"])
def test_the_systems_exceptions_count(entry: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", f"first.example {entry},last.example")
    host = "10.9.8.7" if "/" in entry else "api.example"
    assert proxy_for(Network(), "https", host, 443) is None
    assert (proxy_for(Network(), "https", "elsewhere.org", 443) is None) is (entry == "*")


def test_each_scheme_has_its_own_proxy_and_lower_case_counts_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://upper.example:1")
    monkeypatch.setenv("https_proxy", "lower.example:2")
    monkeypatch.setenv("ALL_PROXY", "http://all.example:3")
    assert proxy_for(Network(), "https", "api.example", 443) == Proxy("http", "lower.example", 2, "system")
    assert proxy_for(Network(), "http", "api.example", 80) == Proxy("http", "all.example", 3, "system")
    assert proxy_for(Network(proxy="none"), "http", "api.example", 80) is None
    assert proxy_for(Network(direct_hosts=(".example",)), "http", "api.example", 80) is None


def test_a_login_in_the_systems_address_is_taken_out_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://ann:p@ss/w:rd#%41@proxy.example:3128/")
    proxy = proxy_for(Network(), "http", "api.example", 80)
    assert proxy and (proxy.place, proxy.user) == ("proxy.example:3128", "ann")
    assert proxy.password and proxy.password.reveal() == "p@ss/w:rd#A"
    assert "ss/w" not in repr(proxy) and "rd#A" not in repr(proxy)


@pytest.mark.parametrize("told", [{"all": "socks5h://127.0.0.1:1080"}, {"socks": "http://127.0.0.1:1080"}])
def test_a_socks_proxy_of_the_system_is_told_and_not_gone_around(
    told: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(urllib.request, "getproxies", lambda: told)
    with pytest.raises(UnusableProxy, match="SOCKS") as error:
        proxy_for(Network(), "https", "api.example", 443)
    assert error.value.place == "127.0.0.1:1080"


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("proxy.studio.lan:3128", ""),
        ("http://10.0.0.1", ""),
        ("https://[fd00::1]:3129", ""),
        ("", "name none"),
        ("ann:secret@proxy:3128", "Leave user name and password out"),
        ("socks5://proxy:1080", "SOCKS"),
        ("proxy:70000", "port"),
        ("proxy:", ""),
        ("http://", "name"),
    ],
)
def test_the_address_of_a_proxy_is_judged_where_it_is_typed(address: str, problem: str) -> None:
    told = proxy_address_problem(address)
    assert problem in told and bool(told) is bool(problem)
    assert "secret" not in told
