"""What is typed or piped in: lines, all of it, or a key that is not shown.

Read from the descriptor on a daemon thread, so that Ctrl+C works meanwhile, and not through `sys.stdin`: a thread
inside it would hold its lock when the program ends, and Python aborts then.
"""

from __future__ import annotations

import codecs
import contextlib
import getpass
import os
import sys
from collections.abc import Generator

from ..threads import run_blocking
from .output import tell

FOREVER = 366 * 86400.0
"""Seconds to wait for a line: people think."""
STDIN = 0


class Typed:
    """Standard input. One that is closed is one that has ended."""

    def __init__(self, descriptor: int = STDIN) -> None:
        self._descriptor = descriptor
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._text = ""
        self._ended = False

    async def line(self) -> str | None:
        """The next line without its end, or None at the end of the input."""
        while "\n" not in self._text and not self._ended:
            self._text += await self._more()
        if not self._text:
            return None
        line, _, self._text = self._text.partition("\n")
        return line.rstrip("\r")

    async def rest(self) -> str:
        """Everything up to the end."""
        pieces, self._text = [self._text], ""
        while not self._ended:
            pieces.append(await self._more())
        return "".join(pieces)

    async def _more(self) -> str:
        try:
            data = await run_blocking(os.read, self._descriptor, 65536, deadline=FOREVER)
        except OSError:
            data = b""
        self._ended = not data
        return self._decoder.decode(data, self._ended)


async def hidden_text(question: str) -> str:
    """At a terminal one line, which is asked for and not shown; of a pipe everything, without the end of its line."""
    if not os.isatty(STDIN):
        return (await Typed().rest()).removesuffix("\n").removesuffix("\r")
    if sys.platform == "win32":
        return getpass.getpass(question)  # there Ctrl+C ends it
    with _unseen():
        tell(question, end="")  # not before: what is typed until then is thrown away
        try:
            return await Typed().line() or ""
        finally:
            tell("")


@contextlib.contextmanager
def _unseen() -> Generator[None]:
    import termios

    before = termios.tcgetattr(STDIN)
    quiet = [*before]
    quiet[3] &= ~termios.ECHO
    termios.tcsetattr(STDIN, termios.TCSAFLUSH, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(STDIN, termios.TCSAFLUSH, before)
