"""`nuke-ai-panel doctor`, as a process of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

import pytest
from cli_process import run
from nuke_ai_panel.panel.reports.journal import journal_folder
from nuke_ai_panel.panel.settings import settings_path
from report_journals import run as live
from secret_service import SecretService

ONLY_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="it needs the Secret Service")


ENDED = """
reports.begin('window')
reports.end({'tasks': ['pane/turn']}, {'lag_p99': 0.0084})
reports.close()
"""


async def test_it_prints_text_for_a_ticket_and_says_nothing_on_stderr() -> None:
    done = await run("doctor")
    assert done.code == 0 and done.err == ""
    assert done.out.startswith("Nuke AI Panel, ") and "\nLocal servers\n" in done.out
    assert "~/" in done.out and os.environ["HOME"] not in done.out


async def test_as_json_it_is_one_object() -> None:
    done = await run("doctor", "--json")
    assert done.code == 0 and set(done.json) == {"taken", "figures", "surroundings"}
    assert done.json["figures"]["loop"] is None
    assert done.json["surroundings"]["versions"]["Python"].startswith("3.")


async def test_bad_usage_is_2() -> None:
    assert (await run("doctor", "--what")).code == 2


async def test_a_damaged_settings_file_is_told_and_is_no_failure() -> None:
    settings_path().parent.mkdir(parents=True)
    settings_path().write_text("[[[[")
    done = await run("doctor")
    assert done.code == 0 and "settings.toml.bad" in done.out


async def test_every_setting_that_is_not_the_default_is_named_with_its_value_and_origin(tmp_path: Path) -> None:
    studio = tmp_path / "studio.toml"
    studio.write_text('[network]\nproxy = "none"\nconnect_seconds = 20\n[locked]\nsettings = ["network.proxy"]\n')
    settings_path().parent.mkdir(parents=True)
    settings_path().write_text("[requests]\nretries = 1\n")
    names = {"NUKE_AI_PANEL_STUDIO": str(studio), "NUKE_AI_PANEL_REPORTS_LOG_LEVEL": "debug"}
    told = (await run("doctor", **names)).out
    assert f"network.proxy = None: locked by the studio, {studio}\n" in told
    assert f"network.connect_seconds = 20 s: set by the studio, {studio}\n" in told
    assert "requests.retries = 1: set by the user\n" in told
    assert "reports.log_level = Debug: from NUKE_AI_PANEL_REPORTS_LOG_LEVEL\n" in told
    found = (await run("doctor", "--json", **names)).json["surroundings"]["settings"]
    assert {"id": "requests.retries", "value": "1", "layer": "user", "place": "", "locked": False} in found


async def test_what_is_wrong_with_the_studios_file_is_told_without_its_keys(tmp_path: Path) -> None:
    (tmp_path / "studio.toml").write_text('[providers.openai]\nkey = "sk-proj-0123456789"\n')
    done = await run("doctor", NUKE_AI_PANEL_STUDIO=str(tmp_path / "studio.toml"))
    assert "providers.openai.key is not read" in done.out and "0123456789" not in done.out


async def test_it_needs_no_qt_and_no_keyring_package(tmp_path: Path) -> None:
    for name in ("PySide6", "shiboken6", "qasync", "keyring"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('it is not there')")
    done = await run("doctor", PYTHONPATH=str(tmp_path))
    assert done.code == 0, done.err
    assert "keyring package is not installed" in done.out


async def test_no_key_of_the_environment_is_in_it() -> None:
    done = await run("doctor", "--json", OPENAI_API_KEY="sk-proj-0123456789", NUKE_AI_PANEL_API_KEY="plain-old-key-77")
    assert done.code == 0 and "0123456789" not in done.out and "plain-old-key" not in done.out


@ONLY_LINUX
async def test_a_hung_keyring_costs_a_second_and_is_named(secret_service: SecretService) -> None:
    secret_service.stop()
    began = time.monotonic()
    done = await run("doctor")
    assert done.code == 0 and "did not answer" in done.out and "given up, still hanging: ask_secret_service" in done.out
    assert time.monotonic() - began < 8  # 1.4 s on a quiet machine


@ONLY_LINUX
async def test_a_keyring_that_answers_is_named(secret_service: SecretService) -> None:
    assert "Secret Service, answers\n" in (await run("doctor")).out


@ONLY_LINUX
async def test_a_locked_keyring_is_said_to_be_locked_and_is_not_unlocked(secret_service: SecretService) -> None:
    import secretstorage

    with contextlib.closing(secretstorage.dbus_init()) as bus:
        collection = secretstorage.get_collection_by_alias(bus, "default")
        collection.lock()
        assert "Secret Service, answers, is locked" in (await run("doctor")).out
        assert collection.is_locked()


@ONLY_LINUX
async def test_a_keyring_without_a_collection_answers_and_none_is_made(locked_secret_service: SecretService) -> None:
    assert "Secret Service, answers\n" in (await run("doctor")).out


async def test_where_reports_go_is_told_without_the_login_and_what_cannot_work_is_named() -> None:
    told = (await run("doctor", NUKE_AI_PANEL_NATS_SERVER="nats://me:s3kr1t-77@127.0.0.1:1")).out
    assert "NATS: idle, to nats://127.0.0.1:1, 0 sent" in told and "s3kr1t" not in told
    told = (await run("doctor", NUKE_AI_PANEL_NATS_SERVER="http://me:s3kr1t-77@nats.lan")).out
    assert "NATS: off, 0 sent" in told and "is no address such as nats://host:4222" in told and "s3kr1t" not in told


async def test_without_an_earlier_session_it_says_so() -> None:
    done = await run("doctor", "--last-session")
    assert done.code == 0 and "No earlier session could be read" in done.out
    done = await run("doctor", "--last-session", "--json")
    assert done.code == 0 and done.json == {"last_session": None}


async def test_a_session_that_was_killed_is_told_with_its_errors() -> None:
    code = """
    reports.begin('nuke')
    reports.report(OSError('the drive has gone'), wait=True)
    os.kill(os.getpid(), signal.SIGKILL)
    """
    live(code, journal_folder(), status=-signal.SIGKILL)
    done = await run("doctor", "--last-session")
    assert done.code == 0 and done.out.startswith("It did not end in order.")
    assert "1 x OSError" in done.out and "the drive has gone" in done.out
    told = (await run("doctor")).out
    assert "It did not end in order." in told and "1 x OSError" in told and "the drive has gone" not in told


async def test_a_session_that_ended_in_order_tells_what_it_left() -> None:
    live(ENDED, journal_folder())
    done = await run("doctor", "--last-session", "--json")
    session = done.json["last_session"]
    assert (session["ending"], session["left"], session["figures"]) == (
        "in order",
        {"tasks": ["pane/turn"]},
        {"lag_p99": 0.0084},
    )


async def test_what_the_last_session_left_open_and_its_loop_are_in_the_short_text_too() -> None:
    figures = {"lag_p50": 0.0002, "lag_p95": 0.001, "lag_p99": 0.0084, "lag_worst": 0.03, "longest_batch": 0.0412}
    counts = dict.fromkeys(("callbacks", "batches", "timers", "descriptors"), 7)
    left = {"tasks": ["pane/turn"], "sessions": ["openai"], "sinks": ["NATS: 3 reports not sent"]}
    code = f"""
    reports.begin('window')
    reports.report(OSError('the drive has gone'))
    reports.end({left}, {figures | counts | {"hung_calls": ["getaddrinfo"]}})
    reports.close()
    """
    live(code, journal_folder())
    section = (await run("doctor")).out.partition("\nLast session\n")[2]
    for line in ("tasks: pane/turn", "sessions: openai", "sinks: NATS: 3 reports not sent", "1 x OSError"):
        assert line in section
    assert "99 of 100 below 8.40 ms" in section and "longest batch 41.2 ms" in section
    assert "calls that still hung: getaddrinfo" in section


async def test_a_doctor_is_no_session_itself() -> None:
    live(ENDED, journal_folder())
    await run("doctor")
    done = await run("doctor", "--last-session", "--json")
    assert done.json["last_session"]["way_in"] == "window"
