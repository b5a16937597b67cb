"""What is taken from an error: whatever its author made of it, a text comes out, and nothing of it stays alive."""

from __future__ import annotations

import gc
import sys
import threading
import weakref
from pathlib import Path

import pytest
from nuke_ai_panel.panel.reports import Report
from nuke_ai_panel.panel.reports.capture import ENTRIES, INNER, LINKS, OUTER, TEXT, origin_here, text_of
from nuke_ai_panel.panel.tasks import TaskScope
from nuke_ai_panel.providers.errors import ProviderError, problem
from report_journals import KEY, balance, opened, the_session


def reported(folder: Path, error: BaseException | str, **more: object) -> Report:
    """As it is read back from the journal, which is as it is in memory."""
    with opened(folder) as reports:
        reports.report(error, **more)  # type: ignore[arg-type]
        reports.close()
        [kept] = reports.recent()
    [report] = the_session(folder).reports
    assert report == kept
    return report


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as caught:
        return caught


def test_a_report_names_class_message_severity_context_and_the_place(tmp_path: Path) -> None:
    report = reported(tmp_path, raised(ValueError("no knob 'mixx'")), severity="warning", context={"node": "Merge1"})
    assert (report.kind, report.message, report.severity) == ("ValueError", "no knob 'mixx'", "warning")
    assert report.context == {"node": "Merge1"} and report.count == 1
    [line] = report.trace
    assert line.startswith(__file__) and line.endswith(" in raised")


def test_a_text_is_a_report_too(tmp_path: Path) -> None:
    report = reported(tmp_path, "The disk is nearly full.", severity="notice")
    assert (report.kind, report.message, report.severity, report.trace) == (
        "message",
        "The disk is nearly full.",
        "notice",
        (),
    )


def test_a_services_error_keeps_its_id_and_what_the_service_said(tmp_path: Path) -> None:
    error = ProviderError(problem("rate_limited", name="Example", provider="openai", status=429, detail="slow down"))
    report = reported(tmp_path, error)
    assert report.kind == "rate_limited"
    assert report.context["status"] == "429" and report.context["detail"] == "slow down"


def test_causes_contexts_and_groups_are_named_with_their_places(tmp_path: Path) -> None:
    def caused() -> None:
        try:
            raise KeyError("mix")
        except KeyError as error:
            raise ValueError("bad knob") from error

    def handling() -> None:
        try:
            caused()
        except ValueError:
            raise ExceptionGroup("two", [OSError("disk"), TimeoutError("net")])  # noqa: B904

    with pytest.raises(ExceptionGroup) as caught:
        handling()
    trace = reported(tmp_path, caught.value).trace
    behind = [line for line in trace if line.startswith(("caused by", "while handling", "with"))]
    assert behind[:3] == [
        "with OSError: disk",
        "with TimeoutError: net",
        next(line for line in behind if line.startswith("while handling ValueError: bad knob (")),
    ]
    assert behind[3].startswith("caused by KeyError: 'mix' (") and behind[3].endswith(" in caused)")


def test_a_context_that_was_taken_away_is_not_named(tmp_path: Path) -> None:
    try:
        try:
            raise KeyError("inner")
        except KeyError:
            raise ValueError("outer") from None
    except ValueError as error:
        assert "inner" not in "".join(reported(tmp_path, error).trace)


def test_a_circle_of_causes_and_a_long_chain_end(tmp_path: Path) -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    assert reported(tmp_path / "circle", first).trace == ("caused by ValueError: second",)
    chain = error = ValueError("0")
    for number in range(1, 50):
        error.__cause__ = error = ValueError(str(number))
    assert len(reported(tmp_path / "long", chain).trace) == LINKS


def test_a_recursion_keeps_both_ends_of_its_thousand_frames(tmp_path: Path) -> None:
    def deeper() -> None:
        deeper()

    with pytest.raises(RecursionError) as caught:
        deeper()
    report = reported(tmp_path, caught.value)
    assert report.kind == "RecursionError" and len(report.trace) == OUTER + INNER + 1
    assert report.trace[OUTER].startswith("... ") and report.trace[OUTER].endswith(" more")


def test_reporting_at_the_recursion_limit_loses_nothing(tmp_path: Path) -> None:
    calls = 0

    def deeper() -> None:
        nonlocal calls
        try:
            deeper()
        except RecursionError as error:
            reports.report(error)
            calls += 1
            raise

    with opened(tmp_path) as reports:
        with pytest.raises(RecursionError):
            deeper()
        reports.close()
        assert calls > 100 and balance(reports) == 0 and reports.counts().taken >= calls


class Raises(Exception):
    def __str__(self) -> str:
        raise SystemExit("from __str__")


class Huge(Exception):
    def __str__(self) -> str:
        return "word " * 10_000_000


class OneHugeWord(Exception):
    def __str__(self) -> str:
        return "x" * 50_000_000


class NoText(Exception):
    def __str__(self) -> str:
        return 5  # type: ignore[return-value]


class LiesAboutItself(Exception):
    __traceback__ = __cause__ = __context__ = property(lambda self: 1 / 0)  # type: ignore[assignment]


def test_an_error_whose_text_raises_is_reported_without_it(tmp_path: Path) -> None:
    assert reported(tmp_path / "a", Raises()).message == "(no text: its str() raised SystemExit)"
    assert reported(tmp_path / "b", NoText()).message == "(no text: its str() raised TypeError)"
    assert reported(tmp_path / "c", LiesAboutItself("fine")).message == "fine"


def test_a_text_of_50_mb_is_cut_at_a_space(tmp_path: Path) -> None:
    message = reported(tmp_path / "a", Huge()).message
    assert len(message) < TEXT + 50 and message.endswith("word ... (50000000 characters)")
    # One word may be a key, of which half would not be known as one.
    assert reported(tmp_path / "b", OneHugeWord()).message == " ... (50000000 characters)"


def test_a_key_at_the_cut_is_not_halved(tmp_path: Path) -> None:
    for before in range(TEXT - len(KEY) - 2, TEXT + 2):
        message = "y" * before + " " + KEY + " rest" * 2000
        assert KEY[:6] not in text_of(message, TEXT).replace(KEY, "")
    report = reported(tmp_path, "y" * (TEXT - 8) + " " + KEY + " rest" * 2000)
    assert KEY[:6] not in report.message


def test_surrogates_nul_and_bidi_marks_come_back_readable(tmp_path: Path) -> None:
    report = reported(tmp_path, "half \udc80 and \0 and \u202e and 合成\u2028", context={"\udfff": "\ud800"})
    assert report.message == "half \\udc80 and  and \u202e and 合成\u2028"
    assert report.context == {"\\udfff": "\\ud800"}


def test_a_context_that_cannot_be_read_is_no_reason_to_lose_the_report(tmp_path: Path) -> None:
    class Broken(dict[str, str]):
        def items(self) -> object:  # type: ignore[override]
            raise RuntimeError

    assert reported(tmp_path / "a", "x", context=Broken(a="b")).context == {
        "context": "(could not be read: RuntimeError)"
    }
    many = {f"name={number}": "v" * 10_000 for number in range(1000)}
    context = reported(tmp_path / "b", "x", context=many).context
    assert len(context) == ENTRIES and max(map(len, context.values())) < 100


def test_an_error_that_reports_itself_is_reported_twice_and_no_more(tmp_path: Path) -> None:
    class Selfish(Exception):
        def __str__(self) -> str:
            reports.report(self)
            return "selfish"

    with opened(tmp_path) as reports:
        reports.report(Selfish())
        reports.close()
        assert {report.message for report in reports.recent()} == {"selfish", "(it reported itself)"}
        assert reports.counts().taken == 2


async def test_the_origin_is_the_given_one_else_the_task_else_the_thread(tmp_path: Path) -> None:
    with opened(tmp_path) as reports:

        async def work() -> None:
            reports.report("in a task")

        async with TaskScope("application") as scope:
            await scope.start(work(), name="pane")
        thread = threading.Thread(target=reports.report, args=("in a thread",), name="reader")
        thread.start()
        thread.join()
        reports.report("given", origin="the watchdog")
        reports.close()
        origins = {report.message: report.origin for report in reports.recent()}
    assert origins == {"in a task": "application/pane", "in a thread": "reader", "given": "the watchdog"}


def test_a_thread_that_python_did_not_start_is_named_and_not_made_known_to_it() -> None:
    import _thread

    seen: list[str] = []
    done = _thread.allocate_lock()
    done.acquire()

    def work() -> None:
        seen.append(origin_here())
        done.release()

    _thread.start_new_thread(work, ())
    assert done.acquire(timeout=10)
    assert seen[0].startswith("thread ")
    assert not [thread for thread in threading.enumerate() if isinstance(thread, threading._DummyThread)]


def test_an_error_with_its_frames_and_widgets_dies_where_it_was_reported(tmp_path: Path) -> None:
    class Widget:
        pass

    died_on: list[str] = []

    def fail() -> None:
        widget = Widget()
        weakref.finalize(widget, lambda: died_on.append(threading.current_thread().name))
        raise ValueError("with a widget in a local variable")

    gc.disable()
    try:
        with opened(tmp_path) as reports:
            for _ in range(20):
                try:
                    fail()
                except ValueError as error:
                    reports.report(error, context={"a": "b"})
            assert died_on == [threading.current_thread().name] * 20
    finally:
        gc.enable()


def test_the_private_names_that_are_used_exist() -> None:
    import asyncio

    assert asyncio._get_running_loop() is None
    assert vars(threading)["_active"][threading.get_ident()] is threading.current_thread()
    assert sys.version_info >= (3, 11)


def test_a_text_may_bring_the_places_that_it_is_about(tmp_path: Path) -> None:
    """Both ends of them, and none is a secret's way out."""
    trace = tuple(f"/home/{KEY}/a.py:{number} in f" for number in range(200))
    with opened(tmp_path) as reports:
        reports.report("the thread stands", trace=trace, wait=True)
        reports.report("nothing is known of it", wait=True)
        nowhere, stands = reports.recent()
    assert stands.trace[0] == "/home/[key removed]/a.py:0 in f"
    assert stands.trace[-1] == "/home/[key removed]/a.py:199 in f"
    assert "... 150 more" in stands.trace and len(stands.trace) == 51 and nowhere.trace == ()


def test_notes_of_an_error_are_kept_whatever_they_are_and_without_secrets(tmp_path: Path) -> None:
    class Sly(ValueError):
        @property
        def __notes__(self) -> list[str]:
            raise RuntimeError("asked")

    noted, odd, sly = ValueError("noted"), ValueError("odd"), Sly("sly")
    noted.add_note("In app/keys, started at panel/keys.py:1")
    noted.add_note(f"with {KEY}")
    odd.__notes__ = [5, None]  # type: ignore[list-item]
    with opened(tmp_path) as reports:
        for error in (noted, odd, sly, ExceptionGroup("group", [noted])):
            reports.report(error, wait=True)
        found = {report.message.partition(" (")[0]: report for report in reports.recent()}
    assert found["noted"].context == {"notes": "In app/keys, started at panel/keys.py:1; with [key removed]"}
    assert found["odd"].context == {"notes": "5; None"}
    assert found["sly"].context == {} and found["group"].context == {}
