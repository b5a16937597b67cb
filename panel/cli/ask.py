"""`ask`: one question, one answer, streamed; or one JSON object at the end."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from ...providers.errors import Problem
from ...providers.messages import TextDelta
from ..app import Application
from ..hosts.script import ScriptError
from ..turn import ChatEvent, ToolEnded, TurnEnded
from . import terminal
from .terminal import Interrupts
from .who import NoSuchProvider, choose


def ask(arguments: argparse.Namespace) -> int:
    """The command. Exit code 1 with what had arrived when the answer fails, 130 when Ctrl+C stops it."""

    async def main(_: Interrupts) -> int:
        app = Application()
        try:
            return await _ask(app, arguments)
        finally:
            await app.close()

    return terminal.run(main)


async def _ask(app: Application, arguments: argparse.Namespace) -> int:
    try:
        provider = choose(app, arguments.provider, arguments.base_url)
        if arguments.script:
            await app.open_script(Path(arguments.script))
    except NoSuchProvider as error:
        print(error, file=sys.stderr)
        return terminal.BAD_INPUT
    except ScriptError as error:
        return terminal.refuse_script(error, json=arguments.json)
    prompt = sys.stdin.read() if arguments.prompt == "-" else arguments.prompt
    chat = app.chat(provider, arguments.model or "")
    printer = _Json() if arguments.json else TextPrinter()
    chat.subscribe(printer)
    ended = await chat.ask(prompt)
    return terminal.WORK_FAILED if ended.state == "failed" else 0


class TextPrinter:
    """Prints an answer as it comes; tools, notices and errors go to standard error."""

    def __init__(self) -> None:
        self._last = "\n"

    def __call__(self, event: ChatEvent) -> None:
        match event:
            case TextDelta(text):
                self._write(terminal.printable(text))
            case ToolEnded(call, outcome):
                self._end_line()
                print(f"- {call.name}: {outcome.outcome}", file=sys.stderr, flush=True)
            case TurnEnded():
                self._end_line()
                self._close(event)
            case _:
                pass

    def _write(self, text: str) -> None:
        if text:
            sys.stdout.write(text)
            sys.stdout.flush()
            self._last = text[-1]

    def _end_line(self) -> None:
        if self._last != "\n":
            self._write("\n")

    def _close(self, ended: TurnEnded) -> None:
        for notice in ended.notices:
            print(f"{notice.title}. {notice.why}", file=sys.stderr)
        if ended.problem:
            terminal.complain(ended.problem)
        if ended.state == "stopped":
            print("Stopped.", file=sys.stderr)


class _Json:
    """Prints one object when the turn has ended."""

    def __call__(self, event: ChatEvent) -> None:
        if isinstance(event, TurnEnded):
            terminal.print_json(_failed(event, event.problem) if event.problem else _answered(event))


def _answered(ended: TurnEnded) -> dict[str, object]:
    return {
        "text": ended.text,
        "provider": ended.provider,
        "model": ended.model,
        "finish": ended.finish,
        "usage": asdict(ended.usage) if ended.usage else None,
        "tool_calls": [_tool(tool) for tool in ended.tools],
        "seconds": {"first_token": ended.first_token, "total": ended.total},
    }


def _failed(ended: TurnEnded, problem: Problem) -> dict[str, object]:
    return {"error": terminal.as_json(problem), "text": ended.text}


def _tool(tool: ToolEnded) -> dict[str, object]:
    try:
        arguments: object = json.loads(tool.call.arguments or "{}")
    except (ValueError, RecursionError):
        arguments = tool.call.arguments
    return {"name": tool.call.name, "arguments": arguments, "ok": tool.outcome.result.ok}
