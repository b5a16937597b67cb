"""A place in a line of Markdown, counted in columns as CommonMark does."""

from __future__ import annotations


class Cursor:
    """A place in a line. Columns, not characters: a tab reaches to the next multiple of four."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._column = 0

    @property
    def blank(self) -> bool:
        return not self.text.strip(" \t")

    @property
    def indent(self) -> int:
        column = self._column
        for character in self.text:
            if character == "\t":
                column += 4 - column % 4
            elif character == " ":
                column += 1
            else:
                break
        return column - self._column

    @property
    def rest(self) -> str:
        return self.text.lstrip(" \t")

    def skip_space(self, columns: int) -> None:
        """Skip at most `columns` of white space; what is left of a tab becomes spaces."""
        at, goal = 0, self._column + columns
        while at < len(self.text) and self.text[at] in " \t" and self._column < goal:
            self._column += 4 - self._column % 4 if self.text[at] == "\t" else 1
            at += 1
        over = max(0, self._column - goal)
        self._column -= over
        self.text = " " * over + self.text[at:]

    def skip(self, count: int) -> None:
        """Skip `count` characters that are not tabs."""
        self._column += count
        self.text = self.text[count:]
