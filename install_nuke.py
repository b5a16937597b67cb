"""Puts the panel into a Nuke folder, and takes it out again to the byte.

    python -I install_nuke.py install   [--nuke-dir DIR] [--wheels DIR] [--json]
    python -I install_nuke.py uninstall [--nuke-dir DIR] [--json]
    python -I install_nuke.py status    [--nuke-dir DIR] [--json]

The command line and its texts; the work is done by the folder `installing` beside it. Both run before anything is
installed, from anywhere, with the standard library of Python 3.9 or newer.

Exit codes: 0; 1 the work failed (`status`: nothing is installed, or something is wrong with it); 2 bad usage;
130 stopped by Ctrl+C.
"""

from __future__ import annotations

import argparse
import importlib.machinery
import io
import json
import os
import sys
import types
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

if __name__ == "__main__" and __spec__ is None:
    # A script belongs to no package, and with -I Python looks for nothing beside it. So it is told where they are:
    # `nuke_ai_panel` is this folder, without running what else is in it or asking for it on `sys.path`.
    here = os.path.dirname(os.path.realpath(__file__))
    if sys.version_info < (3, 9) or not os.path.isdir(os.path.join(here, "installing")):
        sys.exit("install_nuke.py needs Python 3.9 or newer, and its folder 'installing' beside it in " + here)
    package = types.ModuleType("nuke_ai_panel")
    package.__path__ = [here]
    sys.modules[package.__name__] = package
    __spec__ = importlib.machinery.ModuleSpec("nuke_ai_panel.install_nuke", None)

from .installing.actions import install, uninstall
from .installing.nuke_folder import NukeFolder
from .installing.release import Finding
from .installing.status import Status, look, unreadable
from .installing.target import Target
from .installing.trouble import Trouble, some, why


@dataclass
class Outcome:
    """What was done: as an exit code, for programs, and for people."""

    code: int
    facts: dict[str, object]
    lines: list[str]


def installed(folder: NukeFolder, target: Target, wheels: Path | None) -> Outcome:
    done = install(folder, target, wheels)
    notes = ["Our lines in menu.py had been edited by hand; they were written anew."] if done.edited else []
    if done.kept:
        notes += [f"{done.kept} stays for a Nuke that is open; the next upgrade removes it."]
    notes += _in_use(done.in_use)
    notes += [f"Left for the next run: {done.untidy}"] if done.untidy else []
    notes += [f"Left out, Nuke has its own: {', '.join(done.left_out)}."] if done.left_out else []
    notes += [unreadable(done.menu_error)] if done.menu_error else []
    contents = done.contents
    lines = [
        f"Installed AI Panel {contents.version}: {contents.packages} packages, {contents.bytes / 1e6:.1f} MB.",
        f"  its files:  {folder.site / contents.release}",
        f"  its start:  a marked block in {folder.menu}",
        *notes,
        "Next: restart Nuke, then Pane menu > AI Panel.",
    ]
    return Outcome(0, {"folder": str(folder.path), **asdict(contents), "notes": notes}, lines)


def uninstalled(folder: NukeFolder) -> Outcome:
    done = uninstall(folder)
    facts: dict[str, object] = {"folder": str(folder.path), "removed": done.anything}
    if not done.anything:
        return Outcome(0, {**facts, "notes": []}, [f"Nothing to take out: the panel is not in {folder.path}."])
    notes = ["Our lines in menu.py had been edited by hand; they are gone all the same."] if done.edited else []
    stay = _in_use(done.in_use)
    if done.foreign:
        stay += [f"{folder.site} stays: it holds files that are not ours ({some(done.foreign)})."]
    lines = [f"Taken out of {folder.path}. Restart any Nuke that is open.", *notes, *stay]
    return Outcome(1 if stay else 0, {**facts, "notes": notes + stay}, lines)


def _in_use(paths: Sequence[Path]) -> list[str]:
    return [f"{path} is in use: close Nuke and run this again to remove it." for path in paths]


def status(folders: Sequence[NukeFolder], target: Target) -> Outcome:
    states = [look(folder, target) for folder in folders]
    lines: list[str] = []
    for state in states:
        lines.append(f"{state.folder.path}: {_in_words(state)}")
        lines += [f"  {finding.text}" for finding in state.findings]
        ours = any(finding.kind != "menu.py" for finding in state.findings)
        lines += ["  Install again to repair it, or uninstall."] if ours else []
    ok = any(state.installed for state in states) and not any(state.findings for state in states)
    return Outcome(0 if ok else 1, {"folders": [_facts(state) for state in states]}, lines)


def _in_words(state: Status) -> str:
    if not state.folder.path.is_dir():
        return "not there"
    if not state.installed:
        return "not installed, but something is left" if state.findings else "not installed"
    version = state.contents.version if state.contents else ""
    return f"AI Panel {version}, {'something is wrong' if state.findings else 'all files as installed'}"


def _facts(state: Status) -> dict[str, object]:
    return {
        "folder": str(state.folder.path),
        "there": state.folder.path.is_dir(),
        "installed": state.installed,
        **(asdict(state.contents) if state.contents else {}),
        "problems": [_problem(finding) for finding in state.findings],
    }


def _problem(finding: Finding) -> dict[str, str]:
    return {"kind": finding.kind, "text": finding.text}


def nuke_folders(environ: Mapping[str, str], home: Path) -> list[Path]:
    """The folders Nuke reads at start, in its order: the user's own, then those of `NUKE_PATH`; each once."""
    listed = [Path(part) for part in environ.get("NUKE_PATH", "").split(os.pathsep) if part]
    return list(dict.fromkeys([home / ".nuke", *listed]))


def _home() -> Path:
    """On Windows too, Nuke asks for HOME first."""
    home = os.environ.get("HOME")
    if home == "":
        raise Trouble("The variable HOME is empty. Say which folder with --nuke-dir.")
    return Path(home or Path.home())


def _run(arguments: argparse.Namespace) -> Outcome:
    folders = [arguments.nuke_dir] if arguments.nuke_dir else nuke_folders(os.environ, _home())
    if arguments.action == "status":
        return status([NukeFolder(folder) for folder in folders], Target.here())
    if arguments.action == "uninstall":
        return uninstalled(NukeFolder(folders[0]))
    return installed(NukeFolder(folders[0]), Target.here(), arguments.wheels)


def _folder(text: str) -> Path:
    """An empty one is a variable that was not set: never the current folder. `~` of `--nuke-dir=~` stays for us."""
    if not text.strip():
        raise argparse.ArgumentTypeError("the name of a folder is empty")
    return Path(os.path.abspath(os.path.expanduser(text)))


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="install_nuke.py", description="The panel in Nuke: in, out, how it is.")
    parser.add_argument("action", choices=("install", "uninstall", "status"))
    parser.add_argument("--nuke-dir", type=_folder, metavar="DIR", help="default: ~/.nuke (status: NUKE_PATH's too)")
    parser.add_argument("--wheels", type=_folder, metavar="DIR", help="install from these wheels, without a network")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _arguments(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a path may hold what the console cannot show
    try:
        outcome = _run(arguments)
    except (Trouble, OSError) as error:
        outcome = Outcome(1, {"error": why(error)}, [])
        print(f"{arguments.action}: {why(error)}", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"{arguments.action}: stopped", file=sys.stderr)
        return 130
    if arguments.json:
        print(json.dumps({"ok": outcome.code == 0, "action": arguments.action, **outcome.facts}))
    elif outcome.lines:
        print("\n".join(outcome.lines))
    return outcome.code


if __name__ == "__main__":
    sys.exit(main())
