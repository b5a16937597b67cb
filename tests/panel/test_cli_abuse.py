"""The command line in hostile hands: empty words, odd files, closed and full outputs, real terminals, hung keyrings."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest
from cli_process import at_a_terminal, finish, run, start
from fault_server import answers, fault_server, silent_after_a_token
from nuke_ai_panel.panel.reports import past_sessions
from nuke_ai_panel.panel.reports.journal import journal_folder
from nuke_ai_panel.panel.settings import settings_path
from secret_service import SecretService

ONLY_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
SCRIPT = "Grade {\n inputs 0\n name Grade1\n}\n"


def write_settings(text: str) -> None:
    settings_path().parent.mkdir(parents=True)
    settings_path().write_text(text)


@pytest.mark.parametrize(
    "words",
    [
        ("ask", ""),
        ("ask", "  \n"),
        ("ask", "hi", "--model", ""),
        ("ask", "hi", "--base-url", ""),
        ("ask", "hi", "--script", ""),
    ],
)
async def test_what_is_empty_is_said_to_be_and_never_passes_for_a_default(words: tuple[str, ...]) -> None:
    done = await run(*words)
    assert done.code == 2 and done.out == "" and ("empty" in done.err or "no question" in done.err)


async def test_an_empty_or_closed_standard_input_is_no_question() -> None:
    assert (await run("ask", "-", stdin="")).code == 2
    shell = f"exec '{sys.executable}' -m nuke_ai_panel.panel ask - <&-"
    closed = await asyncio.create_subprocess_exec("sh", "-c", shell, stderr=asyncio.subprocess.PIPE)
    done = await finish(closed)
    assert done.code == 2 and "Traceback" not in done.err


async def test_an_address_without_its_kind_is_told_how_to_write_it() -> None:
    done = await run("ask", "hi", "--base-url", "127.0.0.1:8080")
    assert done.code == 2 and "http://127.0.0.1:8080" in done.err and "Traceback" not in done.err


async def test_odd_paths_are_no_scripts_and_hold_nothing_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.nk")
    for path, code in ((tmp_path, 2), (tmp_path / "pipe.nk", 1), ("/dev/zero", 1), ("~nobody/x.nk", 2)):
        done = await run("ask", "hi", "--script", str(path))
        assert done.code == code and done.err.strip() and "Traceback" not in done.err, (path, done)


@ONLY_LINUX
async def test_names_and_questions_that_are_no_text_are_taken_as_they_are(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/sh\xff\x1b[2Jot.nk"
    Path(os.fsdecode(path)).write_text(SCRIPT)
    done = await run("script", "info", path)
    assert done.code == 0 and "Grade" in done.out and "\x1b" not in done.out
    async with fault_server(answers("fine")) as server:
        done = await run("ask", b"caf\xe9?", "--base-url", server.url, "--model", "m")
        assert done.code == 0 and server.calls[0].json["messages"][-1]["content"] == "caf\ufffd?"


async def test_ten_megabytes_of_question_are_sent_whole() -> None:
    async with fault_server(answers("read it")) as server:
        done = await run("ask", "-", "--base-url", server.url, "--model", "m", stdin="x" * 10_000_000)
        assert done.out == "read it\n", done.err
        assert len(server.calls[0].json["messages"][-1]["content"]) == 10_000_000


@ONLY_LINUX
@pytest.mark.parametrize("words", [("ask", "help"), ("providers",), ("ask", "help", "--json")])
async def test_a_full_disk_behind_the_output_is_told_in_a_line(words: tuple[str, ...]) -> None:
    with open("/dev/full", "wb") as full:
        done = await finish(await start(*words, stdout=full.fileno()))
    assert done.code == 1 and "could not be written" in done.err and "Traceback" not in done.err


async def test_a_reader_that_leaves_early_is_no_trouble() -> None:
    process = await start("ask", "help")
    assert process.stdout and process.stderr
    process.stdout._transport.close()  # as `| head` does
    assert await process.wait() in (0, 1)
    assert "Traceback" not in (await process.stderr.read()).decode()


async def test_a_closed_output_is_no_trouble() -> None:
    shell = f"exec '{sys.executable}' -m nuke_ai_panel.panel ask help >&-"
    done = await finish(await asyncio.create_subprocess_exec("sh", "-c", shell, stderr=asyncio.subprocess.PIPE))
    assert done.code == 0 and done.err == ""


@pytest.mark.parametrize("environ", [{"PYTHONIOENCODING": "ascii"}, {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0"}])
async def test_a_terminal_that_knows_few_letters_gets_the_others_replaced(environ: dict[str, str]) -> None:
    async with fault_server(answers("caf\u00e9 \u2713 done")) as server:
        done = await run("ask", "hi", "--base-url", server.url, "--model", "m", **environ)
    assert done.code == 0 and done.out.startswith("caf") and done.out.endswith(" done\n")


async def test_settings_with_nonsense_in_them_are_told_of_and_the_rest_works() -> None:
    write_settings('[chat]\nprovider = "foo"\n[providers.openai]\naddress = "nonsense"\n')
    for words in (("providers",), ("keys", "list"), ("ask", "hi")):
        done = await run(*words, DBUS_SESSION_BUS_ADDRESS="unix:path=/nonexistent")
        assert "Traceback" not in done.err and "Who answers in your settings cannot be used" in done.err
    assert done.code == 0


async def test_a_key_needs_an_address_and_is_never_empty() -> None:
    done = await run("keys", "set", "compatible", stdin="sk-123456\n")
    assert done.code == 2 and "--base-url" in done.err
    assert (await run("keys", "set", "openai", stdin="")).code == 2
    done = await run("keys", "set", "openai", stdin="two words\n")
    assert done.code == 2 and "blank" in done.err and "two words" not in done.err


@ONLY_LINUX
async def test_a_key_that_is_kept_while_the_settings_cannot_be_is_told_so(secret_service: SecretService) -> None:
    settings_path().parent.parent.mkdir(parents=True)
    settings_path().parent.write_text("in the way")
    done = await run("keys", "set", "openai", stdin="sk-proj-0123456789\n")
    assert done.code == 1 and "Secret Service" in done.out and "could not be saved" in done.err
    assert "Traceback" not in done.err


@ONLY_LINUX
async def test_a_variable_that_wins_over_a_saved_key_is_named(secret_service: SecretService) -> None:
    done = await run("keys", "set", "openai", stdin="sk-proj-0123456789\n", OPENAI_API_KEY="sk-other-0123456789")
    assert done.code == 0 and "OPENAI_API_KEY is set" in done.err


@ONLY_LINUX
async def test_a_locked_keyring_is_told_once_and_what_is_known_is_listed(locked_secret_service: SecretService) -> None:
    done = await run("keys", "list", OPENAI_API_KEY="sk-proj-0123456789")
    assert done.code == 1 and "OPENAI_API_KEY" in done.out and done.err.count("Unlock it") == 1
    done = await run("providers")
    assert done.code == 0 and done.err.count("Unlock it") == 1


@ONLY_LINUX
@pytest.mark.bound(15)
async def test_a_hung_keyring_costs_its_deadline_once(secret_service: SecretService) -> None:
    secret_service.stop()
    began = time.monotonic()
    done = await run("providers")
    assert done.code == 0 and done.err.count("does not answer") == 1 and "offline" in done.out
    assert time.monotonic() - began < 8


@ONLY_LINUX
async def test_ctrl_c_in_a_chat_stops_the_answer_and_at_the_prompt_ends_it() -> None:
    async with fault_server(silent_after_a_token("Hello")) as server:
        async with at_a_terminal("chat", "--base-url", server.url, "--model", "m") as terminal:
            await terminal.wait_for("> ")
            terminal.type("hi\n")
            await terminal.wait_for("Hello")
            terminal.type("\x03")
            await terminal.wait_for("Stopped.")
            await terminal.wait_for("> ")
            async with asyncio.timeout(0.5):  # the prompt and the end of the connection come by different ways
                await server.calls[0].gone.wait()
            terminal.type("\x03")
            assert await terminal.end() == 130 and "Traceback" not in terminal.shown


STANDS = """
import sys, time
from nuke_ai_panel.panel.cli import ask, main
from nuke_ai_panel.panel.interrupts import Interrupts

def stand(printer, text):
    print("it stands", flush=True)
    while True:
        time.sleep(0.01)

def hear(interrupts, *signal, hear=Interrupts._on_signal):
    hear(interrupts, *signal)
    print("it was heard", flush=True)

ask.TextPrinter._write = stand
Interrupts._on_signal = hear
sys.exit(main())
"""
"""Its thread stands from the first word of an answer on."""


@ONLY_LINUX
@pytest.mark.parametrize("words", [("chat",), ("ask", "hi")])
async def test_a_second_ctrl_c_ends_a_command_whose_thread_stands_at_once(words: tuple[str, ...]) -> None:
    async with fault_server(silent_after_a_token("Hello")) as server:
        address = ("--base-url", server.url, "--model", "m")
        async with at_a_terminal(*words, *address, program=STANDS) as terminal:
            if words == ("chat",):
                await terminal.wait_for("> ")
                terminal.type("hi\n")
            await terminal.wait_for("it stands")
            terminal.type("\x03")
            await terminal.wait_for("it was heard")
            terminal.type("\x03")
            assert await terminal.end() == 130 and "Traceback" not in terminal.shown


STUBBORN = """
import asyncio, sys
from nuke_ai_panel.panel.chat import Chat
from nuke_ai_panel.panel.cli import main

async def swallow(chat, prompt):
    print("it is asked", flush=True)
    while True:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            print("it goes on", flush=True)

Chat.ask = swallow
sys.exit(main())
"""
"""Its answers cannot be stopped."""


@ONLY_LINUX
async def test_a_second_ctrl_c_ends_a_chat_whose_answer_cannot_be_stopped_in_order() -> None:
    async with at_a_terminal("chat", program=STUBBORN) as terminal:
        await terminal.wait_for("> ")
        terminal.type("hi\n")
        await terminal.wait_for("it is asked")
        terminal.type("\x03")
        await terminal.wait_for("it goes on")
        began = time.monotonic()
        terminal.type("\x03")
        assert await terminal.end() == 130 and "Traceback" not in terminal.shown
        assert time.monotonic() - began < 3.0  # 0.6, and asyncio's own runner would wait for ever
    [session] = past_sessions(journal_folder())
    assert session.ended and session.left == {"tasks": ("application/turn",)}


@ONLY_LINUX
async def test_ctrl_d_ends_a_chat() -> None:
    async with at_a_terminal("chat") as terminal:
        await terminal.wait_for("> ")
        terminal.type("help\n")
        await terminal.wait_for("\n> ")
        terminal.type("\x04")
        assert await terminal.end() == 0


@ONLY_LINUX
async def test_a_key_that_is_typed_is_not_shown(secret_service: SecretService) -> None:
    async with at_a_terminal("keys", "set", "openai") as terminal:
        await terminal.wait_for("api.openai.com: ")
        terminal.type("sk-proj-sentinel-0123\n")
        await terminal.wait_for("is in Secret Service")
        assert await terminal.end() == 0 and "sentinel" not in terminal.shown


@ONLY_LINUX
async def test_ctrl_c_ends_the_typing_of_a_key() -> None:
    async with at_a_terminal("keys", "set", "openai") as terminal:
        await terminal.wait_for("api.openai.com: ")
        terminal.type("\x03")
        assert await terminal.end() == 130 and "Traceback" not in terminal.shown
