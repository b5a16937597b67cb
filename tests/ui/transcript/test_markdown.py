"""Streamed Markdown gives the blocks of the whole text, at a cost linear in it, and shows nothing unsafe."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from nuke_ai_panel.ui.transcript.clean_text import TextCleaner, clean_text
from nuke_ai_panel.ui.transcript.markdown import MOST_BLOCKS, BlockStream
from nuke_ai_panel.ui.transcript.markdown_blocks import Block, Box, Code, Divider, Heading, Paragraph, Place, Table
from nuke_ai_panel.ui.transcript.markdown_inline import Span, Style, plain, spans
from nuke_ai_panel.ui.transcript.markdown_lines import LONG

ANSWER = """\
# The key

`Keylight1` hands on **premultiplied** pixels,
so the edge is dark.

1. Open `Grade4`
2. Set *unpremult*:
   ```python
   n["unpremult"].setValue("rgba.alpha")

   n["gain"].setValue(1)
   ```
3. Look
   - at the edge
     of the matte
   - at the core

   and again

> A note
> - with an item
lazily continued

Node | Gain
--- | ---:
Grade4 | 1.18
Grade5 | 0.92

***
Second title
---
    indented

    code
~~~
never closed
"""

# Pieces of Markdown that a model writes, so that a random row of them is nearly always something.
LINES = st.lists(
    st.sampled_from(
        [
            *(
                "# h",
                "## h ##",
                "#no",
                "text",
                "more text",
                "**bold",
                "x = 1",
                "`a",
                "\tx",
                "  \t",
                "    deep",
                "   inside",
            ),
            *(
                "- item",
                "  - inner",
                "-",
                "* star",
                "+ plus",
                "1. one",
                "2. two",
                "10) ten",
                "- - a",
                "- 1. b",
                "\t- t",
            ),
            *("> quote", "> - both", ">", "> | a |", "> # h", "```py", "```", "~~~", "  ```", "- ```", "> ```"),
            *("a | b", "| a | b |", "--|---", "|---|---|", "-- | --", "| q |", "|-|", "---", "***", "===", ""),
        ]
    ),
    max_size=14,
)


class Document:
    """What a view has: the blocks as the updates leave them."""

    def __init__(self, *pieces: str) -> None:
        self.stream = BlockStream()
        self.blocks: list[Block] = []
        for piece in pieces:
            self.take(self.stream.feed(piece))

    def take(self, update) -> None:
        assert update.first <= len(self.blocks), "an update leaves a gap"
        self.blocks[update.first :] = update.blocks

    def end(self) -> list[Block]:
        self.take(self.stream.end())
        return self.blocks


def whole(text: str) -> list[Block]:
    return Document(text).end()


def cut(text: str, at: list[int]) -> list[str]:
    places = sorted({0, len(text), *(place % (len(text) + 1) for place in at)})
    return [text[a:b] for a, b in zip(places, places[1:], strict=False)]


def oracle(text: str) -> list[tuple]:
    """markdown-it's own reading of the whole text, as the same flat row."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["reference", "html_block"])
    boxes: list[list] = []
    numbers: list[int | None] = []
    out: list[tuple] = []
    row: list[str] = []
    table: list[list[str]] = []

    def place() -> tuple:
        found = tuple((kind, marker) for kind, marker in boxes)
        for box in boxes:
            box[1] = ""
        return found

    for token in parser.parse(text):
        match token.type:
            case "blockquote_open":
                boxes.append(["quote", ""])
            case "bullet_list_open":
                numbers.append(None)
            case "ordered_list_open":
                numbers.append(int(token.attrGet("start") or 0 if "start" in token.attrs else 1))
            case "bullet_list_close" | "ordered_list_close":
                numbers.pop()
            case "list_item_open":
                number = numbers[-1]
                boxes.append(["item", "\u2022" if number is None else f"{number}{token.markup}"])
                if number is not None:
                    numbers[-1] = number + 1
            case "list_item_close":
                if boxes[-1][1]:
                    out.append(("paragraph", place(), ""))
                boxes.pop()
            case "blockquote_close":
                boxes.pop()
            case "heading_open":
                kind = ("heading", int(token.tag[1]))
            case "paragraph_open":
                kind = ("paragraph",)
            case "table_open":
                table, kind = [], ("table",)
            case "tr_open":
                row = []
            case "tr_close":
                table.append(row)
            case "table_close":
                out.append(("table", place(), *table))
            case "inline" if kind == ("table",):
                row.append(token.content)
            case "inline":
                out.append((*kind, place(), "\n".join(line.lstrip() for line in token.content.split("\n"))))
            case "fence":
                out.append(("code", place(), (token.info.split() or [""])[0], token.content.rstrip()))
            case "code_block":
                out.append(("code", place(), "", token.content.rstrip()))
            case "hr":
                out.append(("divider", place()))
    return out


def as_oracle(block: Block) -> tuple:
    boxes = tuple((box.kind, box.marker) for box in block.place.boxes)
    match block:
        case Heading():
            return ("heading", block.level, boxes, block.text)
        case Paragraph():
            return ("paragraph", boxes, block.text)
        case Code():
            return ("code", boxes, block.language, block.text.rstrip())
        case Table():
            return ("table", boxes, list(block.header), *map(list, block.rows))
        case Divider():
            return ("divider", boxes)


def test_an_answer_becomes_the_blocks_that_it_is_made_of():
    kinds = [(type(block).__name__, tuple(box.marker for box in block.place.boxes)) for block in whole(ANSWER)]
    assert kinds == [
        ("Heading", ()),
        ("Paragraph", ()),
        ("Paragraph", ("1.",)),
        ("Paragraph", ("2.",)),
        ("Code", ("",)),
        ("Paragraph", ("3.",)),
        ("Paragraph", ("", "\u2022")),
        ("Paragraph", ("", "\u2022")),
        ("Paragraph", ("",)),
        ("Paragraph", ("",)),
        ("Paragraph", ("", "\u2022")),
        ("Table", ()),
        ("Divider", ()),
        ("Heading", ()),
        ("Code", ()),
        ("Code", ()),
    ]


@given(LINES)
@example(ANSWER.split("\n"))
def test_blocks_are_those_of_a_parser_that_sees_the_whole_text(lines: list[str]):
    text = "\n".join(lines)
    assert [as_oracle(block) for block in whole(text)] == oracle(text)


@given(LINES, st.lists(st.integers(0, 500), max_size=8))
@example(ANSWER.split("\n"), list(range(len(ANSWER))))
def test_any_way_of_cutting_the_stream_gives_the_same_blocks(lines: list[str], at: list[int]):
    text = "\n".join(lines)
    assert Document(*cut(text, at)).end() == whole(text)


@given(st.text(max_size=60), st.lists(st.integers(0, 60), max_size=5))
def test_any_text_at_all_is_read_in_any_pieces(text: str, at: list[int]):
    assert Document(*cut(text, at)).end() == whole(text)


@pytest.mark.parametrize(
    "shape", ["word ", "word. ", "x", "a\n", "- a\n", "  - a\n", "> ", "> a\n", "|a|b|\n", "# ", "1. ", "`"]
)
def test_nothing_of_a_long_text_is_lost_however_it_is_shaped(shape: str):
    text = shape * (3 * LONG // len(shape))
    at = [700 * n for n in range(9)]
    assert Document(*cut(text, at)).end() == whole(text)
    letters = "".join(str(block) for block in whole(text))
    for letter in "xa":
        assert letters.count(letter) >= text.count(letter)


def test_a_block_that_has_settled_never_comes_again():
    document = Document()
    settled = 0
    for letter in ANSWER:
        update = document.stream.feed(letter)
        assert update.first >= settled, "a finished block was sent again"
        settled = update.settled
    assert settled > 10


def test_an_endless_line_is_closed_in_parts_at_the_ends_of_sentences():
    blocks = whole("This is one sentence. " * 300)
    assert len(blocks) > 2
    assert all(len(block.text) <= LONG and block.text.endswith("sentence.") for block in blocks)
    assert [block.place.joined for block in blocks] == [False] + [True] * (len(blocks) - 1)


def test_an_endless_line_of_code_keeps_its_text_exactly():
    line = "x = [" + "1, " * 3000 + "]"
    [code] = whole(f"```py\n{line}\ny = 2\n```\n")
    assert code.text == f"{line}\ny = 2"
    assert max(map(len, code.lines)) <= LONG + 1


def test_more_blocks_than_anybody_reads_go_on_as_plain_text():
    document = Document("a\n\n" * (MOST_BLOCKS + 50))
    blocks = document.end()
    assert len(blocks) <= MOST_BLOCKS + 2
    assert isinstance(blocks[-1], Code)
    assert blocks[-1].text.count("a") >= 45


def test_a_table_is_shown_as_one_before_its_dashes_are_here():
    document = Document("| Node | Gain")
    assert document.blocks == [Table(Place(), ("Node", "Gain"), ("", ""), [])]
    document.take(document.stream.feed(" |\n|--"))
    assert document.blocks == [Table(Place(), ("Node", "Gain"), ("", ""), [])]
    document.take(document.stream.feed("-|--:|\n| Grade4 | 1.1"))
    assert document.blocks == [Table(Place(), ("Node", "Gain"), ("", "right"), [], ("Grade4", "1.1"))]


def test_a_line_with_a_bar_in_it_is_text_if_no_dashes_follow():
    assert whole("| not a table\nmore") == [Paragraph(Place(), "| not a table\nmore")]


@pytest.mark.parametrize("half", ["-", "- ", "#", "==", "--", "```", "1.", "> "])
def test_half_a_mark_does_not_turn_the_paragraph_above_into_something_else(half: str):
    assert Document("Some words\n" + half).blocks == [Paragraph(Place(), "Some words")]


def test_the_first_word_is_there_at_once():
    assert Document("Yes").blocks == [Paragraph(Place(), "Yes")]
    assert Document("42").blocks == [Paragraph(Place(), "42")]
    assert Document("- Yes").blocks == [Paragraph(Place((Box("item", "\u2022"),)), "Yes")]


def test_code_grows_by_its_new_lines_only():
    document = Document("```py\na\n")
    first = document.blocks[0]
    document.take(document.stream.feed("b\nc"))
    assert document.blocks[0].lines is first.lines
    assert (list(first.lines), document.blocks[0].open_line) == (["a\n", "b\n"], "c")


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("a **bo", [("a ", Style()), ("bo", Style(bold=True))]),
        ("a **bold*", [("a ", Style()), ("bold", Style(bold=True))]),
        ("a **", [("a ", Style())]),
        ("see `Grade", [("see ", Style()), ("Grade", Style(code=True))]),
        ("`a**b` y", [("a**b", Style(code=True)), (" y", Style())]),
        ("2 ** 3", [("2 ** 3", Style())]),
        ("see [the pa", [("see the pa", Style())]),
        ("see [the page](https://exa", [("see the page", Style())]),
    ],
)
def test_half_written_markup_does_not_flicker(source: str, shown: list):
    assert spans(source, growing=True) == tuple(Span(text, style) for text, style in shown)


def test_markup_of_the_model_is_text_and_loads_nothing():
    assert (
        plain('<img src="file:///etc/passwd"><script>x</script>') == '<img src="file:///etc/passwd"><script>x</script>'
    )
    assert spans("![graph](https://example.org/x.png)") == (Span("graph", Style(href="https://example.org/x.png")),)


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "notes.md", "//x"]
)
def test_only_web_links_can_be_followed(address: str):
    assert all(not span.style.href for span in spans(f"[here]({address}) <{address}>"))


def test_a_bare_address_is_a_link_without_the_full_stop_behind_it():
    assert spans("See https://example.org/a_b?c=1.") == (
        Span("See ", Style()),
        Span("https://example.org/a_b?c=1", Style(href="https://example.org/a_b?c=1")),
        Span(".", Style()),
    )


def test_emphasis_stays_upright_and_breaks_are_kept():
    assert spans("an *open* word  \nnext<br>last ~~gone~~") == (
        Span("an open word\nnext\nlast ", Style()),
        Span("gone", Style(struck=True)),
    )


@given(st.text(alphabet=st.characters(), max_size=40), st.lists(st.integers(0, 40), max_size=4))
@example("\ud83d\ude00 \ud800 \r\n \r", [1, 2, 3, 4, 5, 6, 7, 8])
@example("e" + "\u0301" * 40, [5, 9, 20])
def test_a_text_is_cleaned_alike_in_any_pieces_and_can_always_be_written(text: str, at: list[int]):
    cleaner = TextCleaner()
    pieces = "".join(cleaner.feed(piece) for piece in cut(text, at)) + cleaner.end()
    assert pieces == clean_text(text)
    pieces.encode()
    assert not {unicodedata.category(letter) for letter in pieces if letter not in "\t\n"} & {"Cc", "Cs"}


def test_text_cannot_show_in_another_order_than_it_is_in():
    assert clean_text("if \u202eadmin\u2066 x") == "if admin x"


def test_zalgo_is_thinned_and_emoji_and_arabic_are_kept():
    assert len(clean_text("Z" + "\u0335" * 100_000)) < 12
    kept = "\U0001f469\u200d\U0001f52c \u0645\u0631\u062d\u0628\u0627 e\u0301"
    assert clean_text(kept) == kept
