"""Whom a connection trusts: the system, a file of one's own, and nobody else. Over real TLS."""

from __future__ import annotations

import asyncio
import os
import ssl
import threading
from pathlib import Path

import pytest
import trustme
import truststore
from certificates import authority_file, out_of_date, server_side, signs_itself
from fault_server import answers, fault_server
from managed_providers import managed
from nuke_ai_panel.providers.base import CheckReport
from nuke_ai_panel.providers.errors import Problem, ProviderError
from nuke_ai_panel.providers.manager import ProviderManager
from nuke_ai_panel.providers.network import Network, certificates
from nuke_ai_panel.providers.network.certificates import ca_file_problem, load_trust


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    return authority_file(authority, tmp_path)


async def problems(manager: ProviderManager) -> tuple[Problem | None, CheckReport]:
    """What a model list and a connection test come to."""
    problem = None
    try:
        await manager.models("compatible")
    except ProviderError as error:
        problem = error.problem
    return problem, await manager.check(manager.configs[0], on_step=lambda _: None)


async def meet(tls: ssl.SSLContext | None, ca_file: str, scheme: str = "https") -> tuple[Problem | None, CheckReport]:
    async with fault_server(answers("Hi"), tls=tls) as server:
        url = f"{scheme}://127.0.0.1:{server.port}/v1"
        async with managed(url, network=Network(ca_file=ca_file)) as manager:
            return await problems(manager)


async def test_a_file_of_ones_own_is_trusted_beside_the_system(authority: trustme.CA, ca_file: str) -> None:
    problem, report = await meet(server_side(authority, "127.0.0.1"), ca_file)
    assert problem is None and report.ok
    assert (
        load_trust(ca_file).context.cert_store_stats()["x509_ca"] > load_trust("").context.cert_store_stats()["x509_ca"]
    )


async def test_without_the_file_it_is_not_trusted_and_the_next_step_names_it(authority: trustme.CA) -> None:
    problem, report = await meet(server_side(authority, "127.0.0.1"), "")
    for told in (problem, report.problem):
        assert told and told.kind == "cert_untrusted" and "choose it in the network settings" in told.next


async def test_the_file_changes_nothing_about_names_dates_and_strangers(authority: trustme.CA, ca_file: str) -> None:
    for tls, kind in (
        (server_side(authority, "other.example"), "cert_name"),
        (server_side(authority, "127.0.0.1", **out_of_date()), "cert_expired"),
        (server_side(trustme.CA(), "127.0.0.1"), "cert_untrusted"),
    ):
        problem, report = await meet(tls, ca_file)
        assert problem and report.problem and problem.kind == report.problem.kind == kind
        assert [step.name for step in report.steps if step.ok is False] == ["TLS"]


async def test_a_certificate_that_signs_itself_is_trusted_once_it_is_named(tmp_path: Path) -> None:
    tls, public = signs_itself(tmp_path)
    problem, report = await meet(tls, "")
    assert problem and report.problem and problem.kind == report.problem.kind == "cert_untrusted"
    problem, report = await meet(tls, public)
    assert problem is None and report.ok


async def test_http_and_https_mixed_up_is_told_both_ways(authority: trustme.CA, ca_file: str) -> None:
    problem, report = await meet(None, ca_file, "https")
    assert problem and report.problem and problem.kind == report.problem.kind == "tls_on_http"
    problem, report = await meet(server_side(authority, "127.0.0.1"), ca_file, "http")
    assert problem and report.problem and problem.kind == report.problem.kind == "http_on_tls"


def unusable_files(folder: Path, good: str) -> dict[str, str]:
    """Path to what is said of it."""
    pem = Path(good).read_text()
    files = {
        "empty.pem": (b"", "no certificate in PEM form"),
        "notes.txt": (b"ask IT for the file", "no certificate in PEM form"),
        "der.crt": (ssl.PEM_cert_to_DER_cert(pem), "no certificate in PEM form"),
        "key.pem": (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "no certificate in PEM form"),
        "cut.pem": (pem[:300].encode() + b"\n-----END CERTIFICATE-----\n", "damaged"),
        "odd.pem": (pem.replace("M", "\N{SNOWMAN}", 3).encode(), "damaged"),
    }
    for name, (content, _) in files.items():
        (folder / name).write_bytes(content)
    fifo = folder / "fifo"
    os.mkfifo(fifo)
    said = {str(folder / name): words for name, (_, words) in files.items()}
    return said | {
        str(folder / "missing.pem"): "no file",
        str(folder): "is no file",
        str(fifo): "is no file",
        "a\0b": "cannot be read",
    }


def test_a_file_that_cannot_be_used_is_told_with_its_path_where_it_is_named(ca_file: str, tmp_path: Path) -> None:
    assert ca_file_problem(ca_file) == ""
    for path, words in unusable_files(tmp_path, ca_file).items():
        told = ca_file_problem(path)
        assert words in told and path in told and told.endswith("."), (path, told)


def test_what_stands_around_the_certificates_does_not_matter(ca_file: str, tmp_path: Path) -> None:
    pem = Path(ca_file).read_bytes()
    noted = tmp_path / "noted.pem"
    noted.write_bytes("# Stüdio\r\n".encode("latin-1") + pem.replace(b"\n", b"\r\n") + b"\xff\xfe" + pem)
    assert ca_file_problem(str(noted)) == ""


async def test_a_file_that_cannot_be_used_is_told_when_it_is_missed_and_breaks_nothing_else(
    authority: trustme.CA, ca_file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = str(tmp_path / "missing.pem")
    problem, report = await meet(server_side(authority, "127.0.0.1"), missing)
    for told in (problem, report.problem):
        assert told and told.kind == "cert_untrusted" and f"There is no file {missing}." in told.why
    assert (await meet(None, missing, "http"))[1].ok
    monkeypatch.setenv("SSL_CERT_FILE", ca_file)  # as if the company had added it to the system
    problem, report = await meet(server_side(authority, "127.0.0.1"), missing)
    assert problem is None and report.ok
    assert next(step.detail for step in report.steps if step.name == "TLS").endswith(f"There is no file {missing}.")


async def test_a_file_on_a_disk_that_hangs_is_done_without(
    authority: trustme.CA, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = threading.Event()
    real = certificates.Path

    def slow(path: str) -> Path:
        hanging.wait(20)
        return real(path)

    from nuke_ai_panel.providers.http import sessions

    monkeypatch.setattr(certificates, "Path", slow)
    monkeypatch.setattr(sessions, "_TRUST_DEADLINE", 0.5)
    try:
        assert (await meet(None, ca_file, "http"))[1].ok
        problem, _ = await meet(server_side(authority, "127.0.0.1"), ca_file)
        assert problem and "its disk does not answer" in problem.why
    finally:
        hanging.set()


async def test_another_file_counts_from_the_next_request_on(authority: trustme.CA, ca_file: str) -> None:
    async with fault_server(answers("Hi"), tls=server_side(authority, "127.0.0.1")) as server:
        async with managed(server.url, network=Network()) as manager:
            assert (await problems(manager))[0] is not None
            manager.use_network(Network(ca_file=ca_file))
            assert (await problems(manager))[0] is None
            manager.use_network(Network())
            assert (await problems(manager))[0] is not None


async def test_all_connections_share_one_context_that_is_made_once(
    authority: trustme.CA, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    real = certificates.load_trust

    def counting(path: str) -> certificates.Trust:
        made.append(threading.current_thread().name)
        return real(path)

    from nuke_ai_panel.providers.http import sessions

    monkeypatch.setattr(sessions, "load_trust", counting)
    async with fault_server(answers("Hi"), tls=server_side(authority, "127.0.0.1")) as server:
        async with managed(server.url, network=Network(ca_file=ca_file)) as manager, asyncio.TaskGroup() as group:
            for _ in range(5):
                group.create_task(problems(manager))
    assert len(made) == 1 and made[0] != threading.main_thread().name


def test_a_connection_does_not_read_the_systems_certificates_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """truststore would, for 20 ms each: its own context is only asked for the certificates."""
    monkeypatch.delenv("SSL_CERT_FILE")  # other tests are spared the system's
    monkeypatch.delenv("SSL_CERT_DIR")
    context = load_trust("").context
    before = context.cert_store_stats()
    assert type(context) is ssl.SSLContext and before["x509"] > 0
    context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="a.example")
    assert context.cert_store_stats() == before
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert hasattr(truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT), "_ctx")
