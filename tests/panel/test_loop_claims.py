"""What was promised of the loop, and the tests that hold it. The faults of stock qasync are in test_loop_faults.py.

Failures that others have died of, and what prevents them:

S1   "Event loop is closed", from a thread or a slot that comes late
         test_a_closed_loop_says_so_everywhere
         test_threads_that_call_while_the_loop_closes_get_an_answer
         test_a_scope_whose_loop_is_closed_takes_nothing
         test_calls_after_the_loop_has_closed_are_cancelled_and_counted
         test_on_a_closed_loop_reports_are_counted_drops
S2   "Unclosed client session"
         test_a_quit_in_mid_stream_leaves_nothing_at_all
         test_a_quit_in_mid_stream_closes_everything_in_order_within_a_second
         test_new_settings_open_a_new_session_and_the_old_ends_after_its_stream
S3   "Task was destroyed but it is pending"
         test_a_task_that_is_pending_when_its_loop_closes_is_said_once
         test_a_scope_that_is_thrown_away_names_what_was_pending
         test_a_program_that_ends_with_open_scopes_names_what_was_pending_and_says_nothing_else
         test_what_was_let_go_is_destroyed_without_a_word
S4   "Task exception was never retrieved"
         test_an_error_that_nobody_asks_for_is_said_once
         test_a_failure_nobody_asked_to_hear_of_is_logged
         test_a_failure_is_told_once_with_its_name_and_hurts_no_sibling
S5   "attached to a different loop"
         test_a_future_of_another_loop_fails_its_own_task_only
S6   a hang after a dialog
         test_other_tasks_run_on_while_a_dialog_is_open
         test_a_callback_whose_context_is_entered_is_parked_until_the_stack_unwinds
         test_what_a_dialog_leaves_behind_wakes_the_loop_by_itself
S7   "Internal C++ object already deleted"
         test_a_pane_that_is_destroyed_in_mid_stream_hurts_nothing
         test_a_destroyed_answer_leaves_nothing_running
         test_nuke_has_deleted_some_of_our_widgets_and_their_parents_in_any_order
S8   Ctrl-C ignored, or a traceback and the program runs on
         test_a_signal_closes_in_order
         test_a_second_signal_ends_it_at_once
S9   "Attempted to exit cancel scope in a different task"
         test_anyio_s_cancel_scope_is_left_in_the_task_that_entered_it_while_others_come_and_go
         test_closing_ends_a_task_inside_anyio_s_cancel_scope
         test_a_cancel_scope_of_anyio_is_entered_and_left_under_a_dialog

Claims that can be tested:

C1   this PySide keeps the references of None
         test_no_call_of_qt_takes_a_reference_to_none
         test_this_pyside_keeps_the_references_of_none_and_true
C2   a dialog in a task's step stops no other task
         test_other_tasks_run_on_while_a_dialog_is_open
C3   embedded, asyncio.run() of others works, and no loop is running outside of our callbacks
         test_asyncio_run_of_another_plug_in_works_before_between_and_after_our_callbacks
         test_outside_of_callbacks_no_loop_is_running
         test_two_of_our_loops_run_side_by_side
C4   nothing of ours runs or ends the loop of a host
         test_no_code_that_runs_in_a_host_runs_or_ends_its_loop
         test_the_hosts_loop_is_not_ours_to_run_or_stop
         test_detaching_leaves_the_hosts_loop_running
C5   cancelled timers go, and no sleep ends early
         test_cancelled_timers_do_not_pile_up
         test_no_sleep_ends_early
         test_long_sleeps_never_end_early
C6   an async generator that is left runs its finally
         test_an_async_generator_that_is_left_runs_its_finally
C7   call_soon after close raises
         test_a_closed_loop_says_so_everywhere
C8   closing is quick with streams and with a stubborn task, and says nothing under -X dev
         test_a_quit_in_mid_stream_closes_everything_in_order_within_a_second
         test_a_quit_in_mid_stream_leaves_nothing_at_all
         test_a_stubborn_task_costs_no_more_than_the_deadline_and_is_named
         test_with_everything_hung_at_once_closing_takes_a_second_and_names_what_hangs
C9   opening and closing the panel fifty times leaves what there was, and the conversation
         test_fifty_panes_opened_and_left_leave_what_there_was_before
         test_open_ask_close_again_and_again_grows_nothing
         test_a_closed_tab_is_reopened_with_its_conversation_and_the_answer_that_is_coming
C10  Qt's timers are on time while an answer streams into the view
         benchmarks/transcript.py: pieces of prose a second
         benchmarks/loop.py: gap
C11  calls are several times as fast as with stock qasync, and CPython's own tests pass
         benchmarks/loop.py: chained
         benchmarks/loop_conformance.py: test_subprocess
C12  SIGINT and SIGTERM end the program in order
         test_a_signal_closes_in_order
         test_a_signal_in_mid_stream_ends_the_window_in_order_within_a_second
C13  QT_API=pyside2 does not break the import
         test_qasync_is_bound_to_pyside_whatever_the_studio_says
C14  what is opened and closed from several tasks has one owner (there are no MCP servers yet: anyio's scopes)
         test_anyio_s_cancel_scope_is_left_in_the_task_that_entered_it_while_others_come_and_go
C15  what may run the host's callbacks is called with no task on the stack (nothing is yet: the host is only read)
         test_code_is_named_and_never_run

Bad input and faults, as they were asked for:

B1   a late callback on a closed loop
         test_a_closed_loop_says_so_everywhere
         test_an_answer_that_comes_after_the_loop_has_closed_is_counted_and_nothing_else
B2   a future of another loop
         test_a_future_of_another_loop_fails_its_own_task_only
B3   a task that is destroyed pending
         test_a_task_that_is_pending_when_its_loop_closes_is_said_once
B4   an exception that is never retrieved
         test_an_error_that_nobody_asks_for_is_said_once
B5   CancelledError at exit
         test_a_cancelled_error_at_the_end_of_a_run_is_the_callers
B6   a nested exec() inside a task
         test_other_tasks_run_on_while_a_dialog_is_open
         test_dialogs_upon_dialogs_unwind_in_order
         test_what_was_parked_for_the_upper_of_two_dialogs_does_not_wait_for_the_lower_one
B7   a widget that is deleted while its task awaits
         test_a_pane_that_is_destroyed_in_mid_stream_hurts_nothing
         test_a_pane_destroyed_at_any_moment_of_its_start_hurts_nothing
B8   asyncio.run beside us
         test_asyncio_run_of_another_plug_in_works_before_between_and_after_our_callbacks
         test_its_asyncio_run_its_qasync_loop_and_its_dialogs_work_at_any_time
B9   a cancel scope of anyio in one owned task while others come and go
         test_anyio_s_cancel_scope_is_left_in_the_task_that_entered_it_while_others_come_and_go
B10  quitting with a to_thread that hangs
         test_a_program_ends_while_a_call_hangs_and_its_loop_is_open
B11  1,000 reports from 50 threads while the loop closes
         test_a_thousand_reports_from_fifty_threads_while_the_loop_closes
B12  a report while the interpreter ends
         test_reports_of_the_interpreters_last_moments_are_written
B13  a full disk under the journal
         test_a_full_disk_raises_nothing_and_is_told_when_there_is_room_again
         test_half_a_line_of_a_full_disk_spoils_no_other
B14  kill -9 right after a report that was waited for
         test_a_kill_right_after_a_report_that_was_waited_for
B15  a callback that runs for 3 s
         test_a_callback_that_runs_on_is_told_with_its_stack
         test_a_host_that_stands_for_more_than_two_seconds_is_told_once_with_its_stack
B16  100,000 pending timers are cancelled
         test_a_hundred_thousand_pending_timers_are_cancelled_in_no_time
B17  a host that calls QApplication.quit() in mid-stream
         test_a_host_that_quits_in_mid_stream_finds_everything_closed
         test_quit_in_mid_stream_twice_closes_in_order
B18  detached and attached 200 times
         test_detached_and_attached_two_hundred_times_in_mid_stream
B19  a NATS server that is absent, silent, dying, hung, or given too much
         test_an_absent_server_is_named_at_once
         test_a_silent_server_costs_its_time_and_nothing_stays
         test_what_waited_while_the_server_was_dead_arrives_once
         test_a_hung_server_costs_its_time_and_gets_all_when_it_goes_on
         test_a_message_over_the_limit_of_the_server_is_cut_and_says_so
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
ROWS = re.findall(r"^([SCB]\d+) +(.+)\n((?: {9}.+\n)+)", __doc__ or "", re.M)


@pytest.fixture(scope="module")
def defined() -> set[str]:
    files = [file for file in TESTS.rglob("test_*.py") if file != Path(__file__)]
    return {
        name for file in files for name in re.findall(r"^ *(?:async )?def (test_\w+)\(", file.read_text("utf-8"), re.M)
    }


def test_no_row_is_missing():
    assert [number for number, _, _ in ROWS] == [
        f"{kind}{number}" for kind, count in (("S", 9), ("C", 15), ("B", 19)) for number in range(1, count + 1)
    ]


@pytest.mark.parametrize(("number", "what", "held_by"), ROWS, ids=[number for number, _, _ in ROWS])
def test_what_a_row_names_exists(defined: set[str], number: str, what: str, held_by: str):
    for line in held_by.split("\n")[:-1]:
        name, _, words = line.strip().partition(": ")
        if words:
            assert words in (TESTS / name).read_text("utf-8"), f"{number}, {what}: {line}"
        else:
            assert name in defined, f"{number}, {what}: {name}"
