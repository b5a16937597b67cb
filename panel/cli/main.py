"""The command line: what may be said, and which module does it.

Owns the parser and the exit codes of bad usage. Each command is a module of this folder, imported when it is asked for.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from typing import TypeAlias

from ... import __version__
from .output import make_output_safe, tell

COMMANDS = ("chat", "ask", "providers", "models", "test", "keys", "script", "pull", "replay", "doctor")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and gives its exit code: 0, 1 the work failed, 2 bad usage or input, 130 and 143 signals."""
    words = list(sys.argv[1:] if argv is None else argv)
    make_output_safe()
    first = next((word for word in words if not word.startswith("-")), "")
    arguments = (_parser() if first in COMMANDS else _top()).parse_args(words)
    command: Callable[[argparse.Namespace], int] = arguments.command
    try:
        return command(arguments)
    except KeyboardInterrupt:  # while the services were being imported
        return 128 + signal.SIGINT


def _top() -> argparse.ArgumentParser:
    """What stands before any command: the window."""
    parser = argparse.ArgumentParser(
        prog="nuke-ai-panel",
        description="An AI panel for compositors: opens a .nk script and answers questions about it.",
        epilog=f"Commands: {', '.join(COMMANDS)}. Each has its own --help.",
    )
    parser.add_argument("file", nargs="?", metavar="FILE.nk", help="a script to open in the window")
    parser.add_argument("--version", action="version", version=f"nuke-ai-panel {__version__}")
    parser.set_defaults(command=_window)
    return parser


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nuke-ai-panel")
    commands = parser.add_subparsers(required=True)
    _add_chat(commands)
    _add_ask(commands)
    _add_providers(commands)
    _add_models(commands)
    _add_test(commands)
    _add_keys(commands)
    _add_script(commands)
    _add_pull(commands)
    _add_replay(commands)
    _add_doctor(commands)
    return parser


Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # pyright: ignore[reportPrivateUsage]


def _add_chat(commands: Commands) -> None:
    parser = commands.add_parser("chat", help="chat in the terminal")
    parser.add_argument("file", nargs="?", metavar="FILE.nk", help="the script to talk about")
    _add_choice(parser)
    parser.set_defaults(command=_chat)


def _add_ask(commands: Commands) -> None:
    parser = commands.add_parser("ask", help="ask one question and print the answer")
    parser.add_argument("prompt", help="the question; - reads it from standard input")
    parser.add_argument("--script", metavar="FILE.nk", type=_given, help="the script to ask about")
    parser.add_argument("--allow", choices=("read",), default="read", help="what the answer may do (reading only)")
    parser.add_argument("--record", metavar="FILE", type=_given, help="keep what the service sent, for `replay`")
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end")
    _add_choice(parser)
    parser.set_defaults(command=_ask)


def _given(text: str) -> str:
    """An option that is there but empty is a variable that was not set, not a wish for the default."""
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty")
    return text


def _add_choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--provider", metavar="ID", type=_given, help="who answers; `providers` lists them")
    _add_model(parser, "the model; else that of the settings, or the first listed")
    _add_address(parser, "the address; alone it means an OpenAI-compatible server")


def _add_model(parser: argparse.ArgumentParser, words: str) -> None:
    parser.add_argument("--model", metavar="M", type=_given, help=words)


def _add_address(parser: argparse.ArgumentParser, words: str) -> None:
    parser.add_argument("--base-url", metavar="URL", type=_given, help=words)


def _add_providers(commands: Commands) -> None:
    parser = commands.add_parser("providers", help="list the providers and where their keys come from")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(command=_providers)


def _add_models(commands: Commands) -> None:
    parser = commands.add_parser("models", help="list the models of a provider")
    parser.add_argument("provider", nargs="?", metavar="PROVIDER", help="which one; without it, the one in use")
    _add_address(parser, "the address to ask; alone it means an OpenAI-compatible server")
    parser.add_argument("--refresh", action="store_true", help="ask the provider, also if its list is known")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(command=_models)


def _add_test(commands: Commands) -> None:
    parser = commands.add_parser("test", help="test a connection, step by step")
    parser.add_argument("provider", nargs="?", metavar="PROVIDER", help="which one; without it, the one in use")
    _add_address(parser, "the address to test")
    _add_model(parser, "the model to look for")
    parser.add_argument("--ask", action="store_true", help="send one question at the end, which costs a token")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(command=_test)


def _add_keys(commands: Commands) -> None:
    parser = commands.add_parser("keys", help="set, remove or list keys in the OS keyring")
    actions = parser.add_subparsers(required=True, dest="action")
    for name, words in (("set", "save a key; it is asked for, or read from a pipe"), ("remove", "forget a key")):
        action = actions.add_parser(name, help=words)
        action.add_argument("provider", metavar="PROVIDER")
        _add_address(action, "the address that the key belongs to")
    listing = actions.add_parser("list", help="which provider has a key, and where (never the key)")
    listing.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(command=_keys)


def _add_script(commands: Commands) -> None:
    parser = commands.add_parser("script", help="read a script without asking anyone")
    actions = parser.add_subparsers(required=True)
    info = actions.add_parser("info", help="what is in a script, counted")
    info.add_argument("file", metavar="FILE")
    info.add_argument("--json", action="store_true", help="print one JSON object")
    info.set_defaults(command=_script_info)


def _add_pull(commands: Commands) -> None:
    parser = commands.add_parser("pull", help="have a server download a model")
    parser.add_argument("model", metavar="MODEL", type=_given, help="its name, such as qwen3:14b")
    parser.add_argument("--provider", metavar="ID", type=_given, default="ollama", help="whose server; else Ollama's")
    _add_address(parser, "the address of the server")
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end")
    parser.set_defaults(command=_pull)


def _add_replay(commands: Commands) -> None:
    parser = commands.add_parser("replay", help="a recorded stream through an adapter, to see what it makes of it")
    parser.add_argument("file", metavar="FILE", help="one JSON event a line, or the raw stream")
    parser.add_argument(
        "--as", dest="format", metavar="FORMAT", required=True, help="the wire format, such as openai_chat"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(command=_replay)


def _add_doctor(commands: Commands) -> None:
    parser = commands.add_parser("doctor", help="what is in order and what is not, to paste into a ticket")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--last-session", action="store_true", help="only how the session before this one ended")
    parser.set_defaults(command=_doctor)


def _ask(arguments: argparse.Namespace) -> int:
    from .ask import ask

    return ask(arguments)


def _chat(arguments: argparse.Namespace) -> int:
    from .chat import chat

    return chat(arguments.file, arguments.provider, arguments.base_url, arguments.model)


def _providers(arguments: argparse.Namespace) -> int:
    from .connections import providers

    return providers(as_json=arguments.json)


def _models(arguments: argparse.Namespace) -> int:
    from .models import models

    return models(arguments.provider, arguments.base_url, refresh=arguments.refresh, as_json=arguments.json)


def _test(arguments: argparse.Namespace) -> int:
    from .connections import test

    return test(arguments.provider, arguments.base_url, arguments.model, ask=arguments.ask, as_json=arguments.json)


def _keys(arguments: argparse.Namespace) -> int:
    from .keys import keys

    return keys(arguments)


def _script_info(arguments: argparse.Namespace) -> int:
    from .script import info

    return info(arguments.file, as_json=arguments.json)


def _pull(arguments: argparse.Namespace) -> int:
    from .pull import pull

    return pull(arguments.model, arguments.provider, arguments.base_url, as_json=arguments.json)


def _replay(arguments: argparse.Namespace) -> int:
    from .replay import replay

    return replay(arguments.file, arguments.format, as_json=arguments.json)


def _doctor(arguments: argparse.Namespace) -> int:
    from .doctor import doctor

    return doctor(as_json=arguments.json, last_session=arguments.last_session)


def _window(arguments: argparse.Namespace) -> int:
    """The window, or where there is no display a terminal chat."""
    from ..display import why_no_window

    if why := why_no_window():
        tell(f"{why} Going on as terminal chat.")
        from .chat import chat

        return chat(arguments.file, None, None, None)
    from ..window import run

    return run(arguments.file)
