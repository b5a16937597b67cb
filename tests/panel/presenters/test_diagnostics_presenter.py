"""The diagnostics of a real pane: true figures, the bundle in the clipboard, the log level in the file."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from fault_server import answers, fault_server, silent_after_a_token
from looks import tab_stops
from nats_server import running as nats_running
from nuke_ai_panel.panel import settings as options
from nuke_ai_panel.panel import surroundings
from nuke_ai_panel.panel.diagnosis import figures
from nuke_ai_panel.panel.local_servers import LocalServer
from nuke_ai_panel.panel.presenters.bundle import as_json
from nuke_ai_panel.panel.presenters.diagnostics import LOOKED_IN_VAIN, DiagnosticsPresenter
from nuke_ai_panel.panel.presenters.figures import report_row, sink_section, system_sections, system_words
from nuke_ai_panel.panel.presenters.pane import PanePresenter
from nuke_ai_panel.panel.reports import Report, ReportCounts, past_sessions
from nuke_ai_panel.panel.reports.journal import journal_folder
from nuke_ai_panel.panel.reports.sink import SinkStats
from nuke_ai_panel.panel.settings import load, settings_path
from nuke_ai_panel.panel.surroundings import Folder, KeyringState, Surroundings
from nuke_ai_panel.providers.redact import Secret
from nuke_ai_panel.ui.chat_pane import ChatPane
from nuke_ai_panel.ui.diagnostics.dialog import DiagnosticsDialog
from open_window import OpenPane, open_pane, until
from PySide6.QtCore import QEvent
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QApplication
from qt_host import running
from report_journals import KEY, run
from shiboken6 import delete

Opened = tuple[OpenPane, DiagnosticsPresenter, DiagnosticsDialog]


@asynccontextmanager
async def diagnostics() -> AsyncIterator[Opened]:
    async with open_pane() as window:
        presenter = window.presenter.diagnostics
        dialog = presenter.open()
        await until(lambda: words(dialog, "system") != "Looking\u2026")
        yield window, presenter, dialog


def words(dialog: DiagnosticsDialog, page: str) -> str:
    entry = dialog.list.entry(page)
    return entry.words if entry else ""


def spoken(dialog: DiagnosticsDialog) -> list[str]:
    model = dialog.tasks.list.model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def connections(dialog: DiagnosticsDialog) -> list[str]:
    return [fact for box in dialog.connections.facts.boxes() for fact in box.facts()]


async def copied(press: Callable[[], object]) -> str:
    QGuiApplication.clipboard().setText("")
    press()
    await until(lambda: QGuiApplication.clipboard().text())
    return QGuiApplication.clipboard().text()


async def test_the_header_opens_it_and_a_second_click_brings_the_same_one_back() -> None:
    async with open_pane() as window:
        presenter = window.presenter.diagnostics
        button = next(stop for stop in tab_stops(window.pane) if stop.accessibleName() == "Diagnostics")
        button.click()
        first = presenter.dialog
        assert first and first.isVisible()
        first.close()
        button.click()
        assert presenter.dialog is first and first.isVisible()


async def test_a_report_made_while_it_is_open_appears_by_itself() -> None:
    async with diagnostics() as (window, _, dialog):
        window.app.reports.report(OSError("the drive has gone"), origin="application/pane", wait=True)
        await until(lambda: words(dialog, "reports") == "1 error")
        assert dialog.reports.list.model().index(0, 0).data().startswith("Error, ")


async def test_live_tasks_and_streams_are_those_of_the_application() -> None:
    async with fault_server(silent_after_a_token()) as server, diagnostics() as (window, _, dialog):
        window.answer_with(server.url)
        dialog.show_page("tasks")
        answer = window.ask("hi")
        await until(lambda: any(line.startswith("turn, ") for line in spoken(dialog)))
        dialog.show_page("connections")
        await until(lambda: "OpenAI-compatible: 1 session, 1 socket, 1 stream" in connections(dialog))
        window.pane.composer.stop()
        await until(lambda: not answer.running)


async def test_looking_at_figures_makes_no_task_and_none_is_looked_at_while_it_is_hidden() -> None:
    async with diagnostics() as (_, presenter, dialog):
        asked: list[bool] = []
        dialog.figures_wanted.connect(lambda: asked.append(True))
        done = presenter._scope.stats().done
        await until(lambda: len(asked) == 2)
        assert presenter._scope.stats().done == done
        dialog.hide()
        assert not dialog._timer.isActive()


async def test_screen_and_terminal_show_the_same_figures() -> None:
    async with diagnostics() as (window, presenter, dialog):
        window.app.reports.report("one", wait=True)
        now = figures(window.app, asyncio.get_running_loop())
        shown = presenter._values(now)
        told = as_json_of(now, window)
        assert [row.id for row in shown.reports] == [each["id"] for each in told["reports"]]
        assert [(row.path, row.running, row.done) for row in shown.scopes if row.depth == 0] == [
            (each["name"], each["running"], each["done"]) for each in told["scopes"]
        ]
        assert [fact.name for fact in shown.sinks.facts[1:]] == [each["name"] for each in told["sinks"]]


async def test_each_figure_of_the_loop_the_sessions_and_the_sinks_is_the_same_in_both() -> None:
    """While something is going on."""
    async with fault_server(silent_after_a_token()) as server, diagnostics() as (window, presenter, _):
        window.app.loop_stats = running().stats
        window.answer_with(server.url)
        answer = window.ask("hi")
        await until(lambda: "Hello" in answer.markdown)
        now = figures(window.app, running())
        shown, told = presenter._values(now), as_json_of(now, window)
        loop = asdict(shown.loop) if shown.loop else {}
        names = {"median": "lag_p50", "p95": "lag_p95", "p99": "lag_p99", "worst": "lag_worst"}
        assert loop["callbacks"] > 0 and len(loop) == 10
        for name, value in loop.items():
            assert told["loop"][names.get(name, name)] == pytest.approx(value, abs=1e-6), name
        opened, threads = shown.connections
        names = [each["name"] for each in told["connections"]]
        place = names.index("compatible")
        counts = {name: told["connections"][place][name] for name in ("sessions", "sockets", "streams")}
        assert counts == {"sessions": 1, "sockets": 1, "streams": 1} and len(opened.facts) == len(names)
        assert (opened.facts[place].value, opened.facts[place].note) == ("1 session, 1 socket", "1 stream")
        [threads, *_] = threads.facts
        assert threads.value == "{running} running, {idle} idle".format(**told["threads"])
        for fact, sink in zip(shown.sinks.facts[1:], told["sinks"], strict=True):
            assert fact.value == sink["state"] and f"{sink['sent']:,} sent" in fact.note
        assert f"{told['counts']['written']:,} written" in shown.sinks.facts[0].note
        window.pane.composer.stop()
        await until(lambda: not answer.running)


async def test_the_connection_in_use_is_recorded_and_every_pane_shows_that_until_it_is_stopped() -> None:
    async with fault_server(answers("Hello")) as server, diagnostics() as (window, _, dialog):
        dialog.show_page("connections")
        part = dialog.connections.recording
        assert not part.button.isEnabled(), "the guide has no connection"
        window.answer_with(server.url)
        await until(part.button.isEnabled)
        other = ChatPane()
        PanePresenter(other, window.app, window.app.scope.child("other"))
        part.button.click()
        for pane in (window.pane, other):
            assert tips(pane) == ["Diagnostics: recording OpenAI-compatible"]
        delete(other)
        assert words(dialog, "connections").endswith(", recording")
        window.ask("What is that?")
        await until(lambda: part.words.startswith("Recording OpenAI-compatible, 1 answer so far."))
        part.button.click()
        assert tips(window.pane) == ["Diagnostics"] and part.words == "Recorded 1 answer."
        [file] = window.app.recordings.folder.iterdir()
        assert any(file.name in fact for fact in part.files.facts()) and "What is that?" in file.read_text()


async def test_a_pane_that_opens_while_something_is_recorded_shows_it() -> None:
    async with open_pane() as window:
        window.app.recordings.start("anthropic")
        other = ChatPane()
        PanePresenter(other, window.app, window.app.scope.child("other"))
        assert tips(other) == ["Diagnostics: recording Anthropic"]
        delete(other)


async def test_the_folder_of_recordings_is_shown_by_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    async with diagnostics() as (window, _, dialog):
        opened: list[str] = []
        monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
        dialog.recordings_wanted.emit()
        assert opened == [str(window.app.recordings.folder)]


def tips(pane: ChatPane) -> list[str]:
    return [tip for stop in tab_stops(pane) if (tip := stop.toolTip()).startswith("Diagnostics")]


def as_json_of(now: object, window: OpenPane) -> dict:
    return json.loads(json.dumps(as_json(now, window.app.redactor)))


async def test_the_bundle_is_copied_without_keys_and_the_dialog_says_so() -> None:
    async with diagnostics() as (window, _, dialog):
        window.app.redactor.add(Secret(KEY))
        window.app.reports.report(f"refused {KEY}", context={"header": KEY}, wait=True)
        text = await copied(dialog.bundle_wanted.emit)
        assert text.startswith("Nuke AI Panel, ") and "refused" in text and KEY not in text
        assert dialog._status.text() == f"Copied {len(text.splitlines())} lines, without keys."


async def test_a_look_that_fails_says_so_is_reported_and_can_be_taken_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_: object) -> None:
        raise LookupError("a keyring of a new kind")

    async with diagnostics() as (window, _, dialog):
        with monkeypatch.context() as patched:
            patched.setattr(surroundings, "look_around", broken)
            dialog.surroundings_wanted.emit()
            dialog.bundle_wanted.emit()
            await until(lambda: words(dialog, "system") == LOOKED_IN_VAIN)
            await until(lambda: dialog._status.text() == LOOKED_IN_VAIN)
        assert "a keyring of a new kind" in str(window.app.reports.recent())
        dialog.surroundings_wanted.emit()
        await until(lambda: words(dialog, "system").startswith("Keyring"))


async def test_another_log_level_is_in_force_at_once_and_saved() -> None:
    async with diagnostics() as (window, _, dialog):
        dialog.level_changed.emit("debug")
        assert window.app.settings.get(options.LOG_LEVEL) == "debug"
        await until(lambda: load(settings_path()).get(options.LOG_LEVEL) == "debug")


async def test_a_log_level_that_cannot_be_saved_says_so_at_the_bottom() -> None:
    async with diagnostics() as (_, __, dialog):
        settings_path().parent.parent.mkdir(parents=True, exist_ok=True)
        settings_path().parent.write_text("in the way")
        dialog.level_changed.emit("error")
        await until(lambda: "could not be saved" in dialog._status.text())


async def test_a_session_that_was_killed_before_is_told_shown_and_copied() -> None:
    run(KILLED, journal_folder(), status=-signal.SIGKILL)
    assert next(past_sessions(journal_folder())).crashed
    async with diagnostics() as (_, __, dialog):
        assert words(dialog, "last_session") == "Did not end in order"
        assert dialog.reports.notice.isVisible()
        dialog.reports.last_session_wanted.emit()
        assert "the drive has gone" in dialog.last_session.text()
        text = await copied(dialog.last_session_wanted.emit)
        assert text.startswith("It did not end in order.") and "1 x OSError" in text


async def test_a_session_that_was_killed_is_offered_in_the_header_once_and_its_reports_are_forwarded() -> None:
    run(KILLED, journal_folder(), status=-signal.SIGKILL)
    async with open_pane() as window:
        button = next(stop for stop in tab_stops(window.pane) if stop.accessibleName().startswith("Diagnostics"))
        await until(lambda: button.toolTip() == "Diagnostics: the last session did not end in order")
        await until(lambda: sum(sink.sent for sink in window.app.forwarder.stats()) == 1)
        button.click()
        assert button.toolTip() == "Diagnostics"
    async with open_pane() as later:
        assert await later.app.adopt_crashed() == ()


KILLED = """
reports.begin('nuke')
reports.report(OSError('the drive has gone'), wait=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


async def test_without_an_earlier_session_it_says_that_too() -> None:
    async with diagnostics() as (_, __, dialog):
        assert words(dialog, "last_session") == "None found" and not dialog.reports.notice.isVisible()


async def test_a_pane_that_is_destroyed_while_it_looks_takes_everything_along() -> None:
    async with open_pane() as window:
        presenter = window.presenter.diagnostics
        presenter.open().bundle_wanted.emit()
        delete(window.pane)
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        await until(lambda: window.app.scope.stats().running == 0)
        assert window.app.reports.recent() == ()


def test_a_report_that_is_copied_from_the_screen_does_not_name_the_owner_of_the_home_folder() -> None:
    home = str(Path.home())
    report = Report(
        "r1", "error", "OSError", f"no {home}/a.nk", "pane", 1.0, 2.0, 3, {"file": f"{home}/b"}, (home, "x")
    )
    row = report_row(report)
    assert (row.message, row.context, row.trace) == ("no ~/a.nk", {"file": "~/b"}, ("~", "x"))
    assert (row.id, row.origin, row.count, row.first, row.last) == ("r1", "pane", 3, 1.0, 2.0)
    assert report_row(Report("r2", "notice", "message", "m", "", 1.0, 1.0)).trace == ()


async def test_a_sink_that_has_stopped_is_shown_with_its_reason_and_can_be_tried_again() -> None:
    async with diagnostics() as (window, _, dialog):
        app = window.app
        app.settings.set(options.NATS_SERVER, "nats://127.0.0.1:1")
        app.reports.report("for the floor")
        dialog.show_page("log")

        def shown() -> str:
            dialog.figures_wanted.emit()
            return next(fact for fact in dialog.log.sinks.facts() if fact.startswith("NATS"))

        await until(lambda: shown() == "NATS: waiting to retry, 0 sent, 1 waiting")
        assert "at nats://127.0.0.1:1: the connection was refused" in dialog.log.sinks.words()
        with nats_running() as server:
            app.settings.set(options.NATS_SERVER, server.host)
            dialog.log.again("NATS").click()
            await until(lambda: "1 sent" in shown() and shown().startswith("NATS: idle, nats://127.0.0.1:"))
            dialog.figures_wanted.emit()
            assert dialog.log.again("NATS").isHidden() and not dialog.log.sinks.words()


async def test_another_address_in_the_settings_is_used_at_once() -> None:
    async with diagnostics() as (window, _, _):
        app = window.app
        app.settings.set(options.NATS_SERVER, "nats://127.0.0.1:1")
        app.reports.report("for the floor")

        def sink() -> SinkStats:
            return next(stats for stats in app.forwarder.stats() if stats.name == "NATS")

        await until(lambda: sink().waiting == 1 and sink().hurt)
        assert "the connection was refused" in sink().trouble
        with nats_running() as server:
            app.settings.set(options.NATS_SERVER, server.host)
            app.apply_settings()
            await until(lambda: sink().sent == 1)
            assert sink().state == "idle" and not sink().trouble
            app.settings.set(options.NATS_SERVER, "")
            app.apply_settings()
            await until(lambda: sink().state == "off" and not sink().hurt)


def test_a_sink_in_trouble_says_which_and_why_and_one_that_is_off_says_nothing() -> None:
    sinks = (
        SinkStats("Log", "idle", sent=3, dropped=0, waiting=0, trouble="It was full once."),
        SinkStats("NATS", "waiting to retry", sent=1, dropped=2, waiting=4, trouble="The server refused."),
    )
    section = sink_section(sinks, ReportCounts(written=7))
    assert [(fact.name, fact.state, fact.note) for fact in section.facts] == [
        ("Journal", "ok", "7 written"),
        ("Log", "ok", "3 sent"),
        ("NATS", "bad", "1 sent, 4 waiting, 2 dropped"),
    ]
    assert section.note == "The server refused."
    assert sink_section((), ReportCounts(unwritten=2)).facts[0].state == "bad"


def test_what_is_wrong_around_the_panel_is_said_in_whole_sentences() -> None:
    around = Surroundings(
        versions={"Python": "3.11"},
        keyring=KeyringState("", "It is locked."),
        folders=(Folder("Data", str(Path.home() / "data"), exists=True, writable=False),),
        servers=(LocalServer("ollama", "Ollama", "http://127.0.0.1:11434/v1", "answers"),),
        last_session=None,
        warnings=("The settings were damaged.",),
    )
    _, keyring, settings, folders, servers = system_sections(around)
    assert (keyring.facts[0].state, keyring.note) == ("bad", "It is locked.")
    assert (settings.facts[0].state, settings.note) == ("bad", "The settings were damaged.")
    assert (folders.facts[0].value, folders.facts[0].note) == ("~/data", "cannot be written")
    assert servers.facts[0].state == "ok" and system_words(around) == "Trouble: keyring, settings, folders"
    fine = replace(around, keyring=KeyringState("Secret Service"), warnings=(), folders=())
    assert system_words(fine) == "Keyring answers, 1 server"
    silent = replace(fine, servers=(replace(fine.servers[0], state="silent"),))
    assert system_words(silent) == "Trouble: local servers"
