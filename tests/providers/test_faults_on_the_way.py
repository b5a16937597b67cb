"""The faults between us and a service, in each wire format: addresses, certificates, proxies.

Rows of the list of faults are named in brackets. What one format alone does wrong has tests of its own.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme
from certificates import authority_file, out_of_date, server_side
from dialect import Dialect
from fault_server import (
    Call,
    fault_server,
    full_backlog,
    redirects_to,
    refused_url,
    silent_port,
)
from managed_providers import managed
from met import KEY, QUICK, Met, ask, base, meet, streams
from nuke_ai_panel.providers.network import Network
from proxy_server import proxy_server

PASSWORD = "pa:ss@word/SENTINEL-0123"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


class TestTheWayThere:
    async def test_nothing_listens_there(self, dialect: Dialect) -> None:
        """[N1]"""
        url = refused_url().removesuffix("/v1")
        async with managed(base(dialect, url), provider=dialect.provider, key=KEY) as manager:
            met = await ask(manager, dialect)
        assert met.kind == "server_not_running" and url.removeprefix("http://") in met.problem.title

    async def test_the_name_does_not_exist(self, dialect: Dialect) -> None:
        """[N2]"""
        async with managed(base(dialect, "http://nobody.invalid"), provider=dialect.provider, key=KEY) as manager:
            assert (await ask(manager, dialect)).kind == "host_unknown"

    async def test_the_first_packet_is_dropped(self, dialect: Dialect) -> None:
        """[N3]"""
        with full_backlog() as url:
            place = base(dialect, url.removesuffix("/v1"))
            async with managed(place, provider=dialect.provider, key=KEY, limits=QUICK) as manager:
                assert (await ask(manager, dialect)).kind == "connect_timeout"

    async def test_the_handshake_is_silent(self, dialect: Dialect) -> None:
        """[N4]"""
        async with (
            silent_port() as server,
            managed(base(dialect, server.origin), provider=dialect.provider, key=KEY, limits=QUICK) as manager,
        ):
            assert (await ask(manager, dialect)).kind == "connect_timeout"

    async def test_a_netrc_changes_nothing(
        self, dialect: Dialect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """[N8]"""
        (tmp_path / "netrc").write_text("default login somebody password NETRC-SENTINEL\n")
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        async with (
            fault_server(streams(dialect, dialect.stream("Hello"))) as server,
            managed(base(dialect, server.origin), provider=dialect.provider, key=KEY) as manager,
        ):
            assert (await ask(manager, dialect)).text == "Hello"
            assert "NETRC" not in repr([call.headers for call in server.calls])

    async def test_a_redirect_is_told_and_nothing_reaches_the_other_host(self, dialect: Dialect) -> None:
        """[N21]"""

        async def other(call: Call) -> None:
            raise AssertionError("it was asked")

        async with fault_server(other) as second:
            for status in ("302 Found", "307 Temporary Redirect", "308 Permanent Redirect"):
                met = await meet(dialect, redirects_to(second.origin.replace("127.0.0.1", "localhost"), status))
                assert met.kind == "redirected"
            assert second.connections == 0

    @pytest.mark.parametrize(
        "address", ["htp://x", "nobody:99999", "", " ", "http://u:p@127.0.0.1/v1", "http://a b", "http://", "//x/v1"]
    )
    async def test_a_bad_address_is_told_before_anything_is_sent(self, dialect: Dialect, address: str) -> None:
        """[N26] An empty one is the service's own: it is not asked here."""
        async with managed(address or "http:", provider=dialect.provider, key=KEY) as manager:
            assert (await ask(manager, dialect)).kind == "bad_address"


class TestTheWayThroughOthers:
    """Certificates and proxies."""

    async def met(self, dialect: Dialect, tls: ssl.SSLContext | None, address: str, **network: Any) -> Met:
        """`address`: of the server, whose port stands for PORT."""
        async with (
            fault_server(streams(dialect, dialect.stream("Hello")), tls=tls) as server,
            managed(
                base(dialect, address.replace("PORT", str(server.port))),
                provider=dialect.provider,
                key=KEY,
                limits=QUICK,
                network=Network(**network),
            ) as manager,
        ):
            return await ask(manager, dialect)

    async def test_an_authority_of_ones_own_is_trusted_by_its_file_alone(
        self, dialect: Dialect, authority: trustme.CA, tmp_path: Path
    ) -> None:
        """[N5]"""
        tls, place = server_side(authority, "127.0.0.1"), "https://127.0.0.1:PORT"
        assert (await self.met(dialect, tls, place)).kind == "cert_untrusted"
        assert (await self.met(dialect, tls, place, ca_file=authority_file(authority, tmp_path))).text == "Hello"

    async def test_a_wrong_name_an_old_certificate_and_mixed_up_schemes_are_four_problems(
        self, dialect: Dialect, authority: trustme.CA, tmp_path: Path
    ) -> None:
        """[N6]"""
        trusted = {"ca_file": authority_file(authority, tmp_path)}
        named, old = server_side(authority, "elsewhere.example"), server_side(authority, "127.0.0.1", **out_of_date())
        assert (await self.met(dialect, named, "https://127.0.0.1:PORT", **trusted)).kind == "cert_name"
        assert (await self.met(dialect, old, "https://127.0.0.1:PORT", **trusted)).kind == "cert_expired"
        assert (await self.met(dialect, None, "https://127.0.0.1:PORT")).kind == "tls_on_http"
        right = server_side(authority, "127.0.0.1")
        assert (await self.met(dialect, right, "http://127.0.0.1:PORT", **trusted)).kind == "http_on_tls"

    @pytest.mark.parametrize("scheme", ["http", "https"])
    async def test_a_proxy_lets_through_whom_it_knows(
        self, dialect: Dialect, scheme: str, authority: trustme.CA, tmp_path: Path
    ) -> None:
        """[N7]"""
        tls = server_side(authority, "api.example") if scheme == "https" else None
        async with (
            fault_server(streams(dialect, dialect.stream("Hello")), tls=tls) as server,
            proxy_server(user="ann", password=PASSWORD, names={"api.example": server.port}) as proxy,
        ):
            for password, kind in ((PASSWORD, ""), ("wrong-0123456789", "proxy_auth"), ("", "proxy_auth")):
                network = Network(
                    proxy="manual",
                    proxy_address=proxy.address,
                    proxy_user="ann",
                    ca_file=authority_file(authority, tmp_path),
                )
                async with managed(
                    base(dialect, f"{scheme}://api.example"),
                    provider=dialect.provider,
                    key=KEY,
                    network=network,
                    proxy_password=password,
                ) as manager:
                    met = await ask(manager, dialect)
                assert (met.text, met.kind) == ("" if kind else "Hello", kind)
                assert not password or password not in repr(met.problem)

    async def test_a_dead_proxy_is_named(self, dialect: Dialect) -> None:
        """[N7]"""
        place = refused_url().removesuffix("/v1")
        network = {"proxy": "manual", "proxy_address": place}
        met = await self.met(dialect, None, "http://api.example", **network)
        assert met.kind == "proxy_refused" and place.removeprefix("http://") in met.problem.title
