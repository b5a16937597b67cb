"""Our lines in menu.py: bytes in, bytes out. The text is the user's, in whatever encoding: it is never decoded."""

from __future__ import annotations

import functools
import hashlib
import re
import sys
import warnings
from dataclasses import dataclass

from .target import PYTHON, Target
from .trouble import Trouble

SITE = "nuke_ai_panel_site"
"""Our folder, beside menu.py."""

BLOCK = """\
# >>> nuke_ai_panel {release} >>> install_nuke.py wrote these lines; its "uninstall" takes them out again
def _start_nuke_ai_panel():
    site = ""
    try:
        import os
        import sys
        import nuke
        if not nuke.GUI or "nuke_ai_panel.panel.dock" in sys.modules:
            return
        if sys.version_info[:2] != {python} or sys.platform != "{system}":
            print("AI Panel: not started, it was installed for Nuke 16 and 17 ({target})")
            return
        site = os.path.join(os.path.dirname(os.path.abspath(__file__)), "{site}", "{release}")
        if site not in sys.path:
            sys.path.append(site)
        from nuke_ai_panel.panel import dock
        dock.register()
    except Exception as error:
        if site in sys.path:
            sys.path.remove(site)
        print("AI Panel: not started, " + ascii(error) + ". To see why: install_nuke.py status")
_start_nuke_ai_panel()
del _start_nuke_ai_panel
"""
"""Parsed by every Python that may share the folder, 2.7 too. ASCII, without a path: true in any encoding, anywhere."""

_BEGIN = re.compile(rb"(?<![^\r\n])# >>> nuke_ai_panel (?P<release>\S+) >>>")
_END = re.compile(rb"(?<![^\r\n])# <<< nuke_ai_panel (?P<sum>[0-9a-f]{8})(?P<joined> joined)? <<<")
_LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True)
class Block:
    """Our lines in a menu.py. `joined`: the last line before them had no line end and was given one."""

    start: int
    end: int
    release: str
    joined: bool
    edited: bool


def blocks(content: bytes) -> list[Block]:
    """Trouble if a first or a last line is alone: nobody can tell then what is ours."""
    begins, ends = list(_BEGIN.finditer(content)), list(_END.finditer(content))
    marks = sorted([*begins, *ends], key=lambda mark: mark.start())
    if len(begins) != len(ends) or [mark.re for mark in marks] != [_BEGIN, _END] * len(begins):
        raise Trouble(
            "menu.py has only a part of our lines. Take out by hand what lies between"
            " '# >>> nuke_ai_panel' and '# <<< nuke_ai_panel', both too, and run this again."
        )
    return list(map(functools.partial(_block, content), begins, ends))


def _block(content: bytes, begin: re.Match[bytes], end: re.Match[bytes]) -> Block:
    lines = content[begin.start() : end.start()]
    release = begin["release"].decode("ascii", "replace")
    return Block(begin.start(), end.end(), release, bool(end["joined"]), _checksum(lines) != end["sum"])


def _checksum(lines: bytes) -> bytes:
    return hashlib.sha256(_LINE_END.sub(b"\n", lines)).hexdigest()[:8].encode()


def without_block(content: bytes) -> bytes:
    """The file as it would be had we never been there, with everything that was edited around our lines since."""
    for block in reversed(blocks(content)):
        before, after = content[: block.start], content[block.end :]
        line_end = _first_line_end(content[block.start : block.end])
        if after.startswith(line_end):
            after = after[len(line_end) :]
        elif found := _LINE_END.match(after):
            after = after[found.end() :]
        if block.joined and not after:
            before = before[: -len(line_end)] if before.endswith(line_end) else before.rstrip(b"\r\n")
        content = before + after
    return content


def with_block(content: bytes, release: str, target: Target) -> bytes:
    """Our lines where they were, else at the end, with the line ends of the file."""
    old = blocks(content)
    if len(old) > 1:
        content, old = without_block(content), []
    if old:
        before, after, joined = content[: old[0].start], content[old[0].end :], old[0].joined
        line_end = _usual_line_end(before + after)
        return before + _lines(release, target, line_end, joined) + after
    line_end = _usual_line_end(content)
    joined = bool(content) and not content.endswith((b"\r", b"\n"))
    return content + (line_end if joined else b"") + _lines(release, target, line_end, joined) + line_end


def _lines(release: str, target: Target, line_end: bytes, joined: bool) -> bytes:
    text = BLOCK.format(release=release, site=SITE, python=PYTHON, system=target.system, target=target).encode("ascii")
    last = b"# <<< nuke_ai_panel " + _checksum(text) + (b" joined <<<" if joined else b" <<<")
    return text.replace(b"\n", line_end) + last


def _usual_line_end(content: bytes) -> bytes:
    pairs = content.count(b"\r\n")
    counts = {b"\r\n": pairs, b"\n": content.count(b"\n") - pairs, b"\r": content.count(b"\r") - pairs}
    return max(counts, key=lambda line_end: counts[line_end]) if any(counts.values()) else b"\n"


def _first_line_end(content: bytes) -> bytes:
    found = _LINE_END.search(content)
    return found[0] if found else b"\n"


def own_error(content: bytes) -> str:
    """Of a menu.py that Nuke's Python cannot even read; else empty, and if this Python is older and cannot tell."""
    if sys.version_info < PYTHON:
        return ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(content, "menu.py", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return str(error)
    return ""
