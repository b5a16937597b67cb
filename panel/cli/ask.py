"""`ask`: one question, one answer, streamed; or one JSON object at the end."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from ...providers.errors import Problem
from ...providers.messages import TextDelta, Waiting
from ..app import Application
from ..hosts.script import ScriptError
from ..recordings import RecordingState
from ..recordings.folder import empty_file
from ..turn import ChatEvent, ToolEnded, TurnEnded
from . import terminal
from .output import printable, say, tell
from .terminal import Interrupts
from .typed import Typed
from .waiting import WaitingLine
from .who import NoSuchProvider, choose


def ask(arguments: argparse.Namespace) -> int:
    """The command. Exit code 1 with what had arrived when the answer fails, 2 when the address is none, 130 when Ctrl+C
    stops it.
    """

    async def main(_: Interrupts) -> int:
        async with terminal.application() as app:
            return await _ask(app, arguments)

    return terminal.run(main)


async def _ask(app: Application, arguments: argparse.Namespace) -> int:
    try:
        provider = choose(app, arguments.provider, arguments.base_url)
        if arguments.script:
            await app.open_script(Path(arguments.script))
        if arguments.record:
            _record(app, provider, Path(arguments.record).absolute())
    except NoSuchProvider as error:
        tell(str(error))
        return terminal.BAD_INPUT
    except ScriptError as error:
        return terminal.refuse_script(error, json=arguments.json)
    except OSError as error:
        tell(f"{arguments.record} cannot be written: {error.strerror}.")
        return terminal.BAD_INPUT
    prompt = await _question(arguments.prompt)
    if not prompt.strip():
        tell("There is no question. Write one, or pipe it in and give - for it.")
        return terminal.BAD_INPUT
    chat = app.chat(provider, arguments.model or "")
    chat.subscribe(_Json() if arguments.json else TextPrinter())
    ended = await chat.ask(prompt)
    if arguments.record:
        _tell_recorded(await app.recordings.finish(), arguments.record)
    return terminal.code_of(ended.problem) if ended.state == "failed" and ended.problem else 0


def _record(app: Application, provider: str, file: Path) -> None:
    """From now on into this file, which is begun anew. Raises OSError."""
    empty_file(file)
    app.recordings.start(provider, file=file)


def _tell_recorded(state: RecordingState, file: str) -> None:
    if state.trouble:
        tell(f"{file} is not complete. {state.trouble}")
    elif state.answers:
        answers = "1 answer" if state.answers == 1 else f"{state.answers} answers"
        tell(f"Recorded {answers} in {file}, without keys and pictures. Read it before you share it.")
    else:
        tell(f"{file} is empty: no service answered.")


async def _question(given: str) -> str:
    if given == "-":
        return await Typed().rest()
    # Bytes of the command line that are no UTF-8 are halves of characters to Python; no service takes those.
    return given.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


class TextPrinter:
    """Prints an answer as it comes; tools, notices and errors go to standard error."""

    def __init__(self) -> None:
        self._last = "\n"
        self._waiting = WaitingLine()

    def __call__(self, event: ChatEvent) -> None:
        if not isinstance(event, Waiting):
            self._waiting.end()
        match event:
            case Waiting():
                self._end_line()
                self._waiting.show(event)
            case TextDelta(text):
                self._write(text)
            case ToolEnded(call, outcome):
                self._end_line()
                tell(f"- {call.name}: {outcome.outcome}")
            case TurnEnded():
                self._end_line()
                _tell_end(event)
            case _:
                pass

    def _write(self, text: str) -> None:
        if text := printable(text):
            self._last = text[-1]
            say(text, end="")

    def _end_line(self) -> None:
        if self._last != "\n":
            self._write("\n")


def _tell_end(ended: TurnEnded) -> None:
    for told in (*ended.notices, *filter(None, [ended.problem])):
        terminal.complain(told)
    if ended.state == "stopped":
        tell("Stopped.")


class _Json:
    """Prints one object when the turn has ended."""

    def __call__(self, event: ChatEvent) -> None:
        if isinstance(event, TurnEnded):
            terminal.print_json(_failed(event, event.problem) if event.problem else _answered(event))


def _answered(ended: TurnEnded) -> dict[str, object]:
    """`notices` is there only if there are any."""
    answered: dict[str, object] = {
        "text": ended.text,
        "provider": ended.provider,
        "model": ended.model,
        "finish": ended.finish,
        "usage": asdict(ended.usage) if ended.usage else None,
        "tool_calls": [_tool(tool) for tool in ended.tools],
        "seconds": {"first_token": ended.first_token, "total": ended.total},
    }
    if ended.notices:
        answered["notices"] = [terminal.as_json(notice) for notice in ended.notices]
    return answered


def _failed(ended: TurnEnded, problem: Problem) -> dict[str, object]:
    return {"error": terminal.as_json(problem), "text": ended.text}


def _tool(tool: ToolEnded) -> dict[str, object]:
    return {"name": tool.call.name, "arguments": terminal.arguments(tool.call.arguments), "ok": tool.outcome.result.ok}
