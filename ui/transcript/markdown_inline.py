"""The inside of a paragraph: Markdown source to spans of text in one style each.

Markup of a model is never trusted: HTML is shown as text, images are not loaded, only http and https links can be
followed. Emphasis keeps upright letters (the look has no italics), so it is read and dropped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

LINE_BREAK = "\n"
_WEB = re.compile(r"https?://[^\s<>\"'`\u3000-\u303f]*[^\s<>\"'`.,:;!?)\]}*_\u3000-\u303f]", re.IGNORECASE)
_BREAK_TAG = re.compile(r"[ \t]*<br[ \t]*/?>[ \t]*\n?", re.IGNORECASE)
_HALF_LINK = re.compile(r"!?\[([^\[\]\n]*)(?:\](?:\([^()\s]*)?)?$")
_CODE = re.compile(r"(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)", re.DOTALL)
_OPEN_TICKS = re.compile(r"(`+)([^`]*)$")
_OPEN_MARKS = (
    ("**", re.compile(r"(?:^|(?<=[\s(\[\"']))\*\*(?=[^\s*])(?:(?!\*\*).)*$", re.DOTALL)),
    ("~~", re.compile(r"(?:^|(?<=[\s(\[\"']))~~(?=[^\s~])(?:(?!~~).)*$", re.DOTALL)),
)
_LONE_MARK = re.compile(r"(?:^|(?<=[\s(\[\"']))(?:\*{1,2}|~{1,2})$")


@dataclass(frozen=True, slots=True)
class Style:
    bold: bool = False
    code: bool = False
    struck: bool = False
    href: str = ""


PLAIN = Style()


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text in one style. "\\n" is a line break that the text asks for."""

    text: str
    style: Style = PLAIN


def spans(source: str, *, growing: bool = False) -> tuple[Span, ...]:
    """`growing`: more will come, so markup that is open is taken as closed at the end, and no half markup shows."""
    if growing:
        source = _closed(source)
    tokens = _parser().parseInline(source)
    return _merged(_walk(tokens[0].children or [])) if tokens else ()


def plain(source: str) -> str:
    """The text without its markup, on one line."""
    return " ".join("".join(span.text for span in spans(source)).split())


@cache
def _parser() -> MarkdownIt:
    # Imported late: the panel paints first.
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("strikethrough")


def _walk(tokens: list[Token]) -> list[Span]:
    style, out = PLAIN, list[Span]()
    for token in tokens:
        match token.type:
            case "text" | "text_special":
                out += _words(token.content, style)
            case "code_inline":
                out.append(Span(token.content, replace(style, code=True)))
            case "softbreak":
                out.append(Span(" ", style))
            case "hardbreak":
                out.append(Span(LINE_BREAK, style))
            case "image":
                out.append(Span(token.content or "image", replace(style, href=_followed(token.attrGet("src")))))
            case "strong_open" | "strong_close":
                style = replace(style, bold=token.nesting > 0)
            case "s_open" | "s_close":
                style = replace(style, struck=token.nesting > 0)
            case "link_open" | "link_close":
                style = replace(style, href=_followed(token.attrGet("href")))
            case _:
                pass
    return out


def _words(text: str, style: Style) -> list[Span]:
    text = _BREAK_TAG.sub(LINE_BREAK, text)
    if style.href:
        return [Span(text, style)]
    out: list[Span] = []
    at = 0
    for address in _WEB.finditer(text):
        out += (Span(text[at : address.start()], style), Span(address.group(), replace(style, href=address.group())))
        at = address.end()
    out.append(Span(text[at:], style))
    return out


def _followed(address: object) -> str:
    return address if isinstance(address, str) and re.match("https?://", address, re.IGNORECASE) else ""


def _merged(found: list[Span]) -> tuple[Span, ...]:
    return tuple(
        Span("".join(span.text for span in run), style)
        for style, run in groupby((span for span in found if span.text), lambda span: span.style)
    )


def _closed(source: str) -> str:
    """`source` with the markup that is still open closed, so that stars and ticks do not flicker while it comes."""
    outside = _CODE.sub(_blanked, source)
    if ticks := _OPEN_TICKS.search(outside):
        return source + ticks[1] if ticks[2].strip() else source[: ticks.start()]
    if link := _HALF_LINK.search(outside):
        return source[: link.start()] + source[link.start(1) : link.end(1)]
    for mark, is_open in _OPEN_MARKS:
        if is_open.search(outside):
            return source.rstrip(mark[0] + " \n") + mark
    return source[: lone.start()] if (lone := _LONE_MARK.search(outside)) else source


def _blanked(code: re.Match[str]) -> str:
    return "x" * len(code.group())
