"""Streams of every format, cut anywhere and damaged in any way: the same answer, or a problem with a name."""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from dialect import CALLS, TEXTS, THOUGHTS, Dialect
from dialects import ALL
from nuke_ai_panel.providers.answers.reader import Asked
from nuke_ai_panel.providers.errors import KINDS, ProviderError, Service
from nuke_ai_panel.providers.formats import wire_format
from nuke_ai_panel.providers.messages import (
    Finished,
    ReasoningDelta,
    Started,
    StreamEvent,
    TextDelta,
    ToolCallReady,
)
from nuke_ai_panel.providers.openai_chat.quirks import ChatQuirks
from nuke_ai_panel.providers.redact import Redactor
from nuke_ai_panel.providers.wire.framing import ServerEvent, event_reader

every_format = pytest.mark.parametrize("dialect", ALL.values(), ids=ALL)


def read(dialect: Dialect, pieces: Iterable[bytes], told: list[StreamEvent]) -> None:
    """Adds what the pieces say to `told`. Raises ProviderError."""
    wire = wire_format(dialect.format, ChatQuirks())
    framing, reader = event_reader(wire.framing), wire.reader(Asked(Service("x", "X"), Redactor(), "asked", 2**23))
    for found in (*map(framing.feed, pieces), framing.finish()):
        for event in found:
            if isinstance(event, ServerEvent):
                told.extend(reader.feed(event))
    told.extend(reader.finish())


def answer(dialect: Dialect, *pieces: bytes) -> list[StreamEvent]:
    told: list[StreamEvent] = []
    read(dialect, pieces, told)
    return told


@every_format
def test_a_rich_answer_is_read_as_it_was_meant(dialect: Dialect) -> None:
    told = answer(dialect, *dialect.rich)
    assert "".join(event.text for event in told if isinstance(event, ReasoningDelta)) == "".join(THOUGHTS)
    assert "".join(event.text for event in told if isinstance(event, TextDelta)) == "".join(TEXTS)
    calls = [event.call for event in told if isinstance(event, ToolCallReady)]
    assert [(call.name, json.loads(call.arguments)) for call in calls] == list(CALLS)
    assert isinstance(told[-1], Finished) and told[-1].reason == "tool_calls"


def plain(event: bytes) -> bytes:
    """The same event with its characters as they are, so that they can be cut."""
    return re.sub(rb"(?:\\u[0-9a-f]{4})+", lambda found: json.loads(b'"%b"' % found[0]).encode(), event)


@every_format
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
def test_every_cut_gives_the_same_answer(dialect: Dialect, end: bytes) -> None:
    body = b"".join(map(plain, dialect.rich)).replace(b"\r\n", b"\n").replace(b"\n", end)
    assert "🎬".encode() in body
    whole = answer(dialect, *dialect.rich)
    for cut in range(len(body) + 1):
        assert answer(dialect, body[:cut], body[cut:]) == whole
    assert answer(dialect, *(body[at : at + 1] for at in range(len(body)))) == whole


RECORDED = {"anthropic": "anthropic", "google": "gemini"} | dict.fromkeys(
    ("openai_responses", "xai_responses", "open-responses_responses", "azure"), "openai_responses"
)
"""By the beginning of a file's name; the others speak the OpenAI chat format."""
VALUES = re.compile(rb'("[^"\\]*"|-?\d+|true|false|null)')
ODD = [b"null", b"true", b"-1", b"1e999", b'""', b'"x"', b'"error"', b'"\\ud83c"', b"[]", b"[{}]", b"{}", b'{"a": [5]}']


def answers(dialect: Dialect) -> list[list[bytes]]:
    """The events of whole answers, and the beginnings of those that were recorded."""
    folder = Path(os.environ.get("NUKE_AI_PANEL_TEST_DATA", "/nonexistent")) / "streams"
    found = [dialect.rich, dialect.stream("Hel", "lo")]
    for path in sorted(folder.glob("*__*")):
        if RECORDED.get(path.name.partition("__")[0], "openai_chat") == dialect.format:
            lines = path.read_text(encoding="utf-8").splitlines()
            data = [line.removeprefix("data: ") for line in lines if line and not line.startswith("event:")]
            events = [f"data: {text}\n\n".encode() for text in data if len(text) < 2000]
            found.append([*events[:40], events[-1]])
    return found


def damaged(events: list[bytes], chance: random.Random) -> bytes:
    """A part of an answer with its end, with other values, in another order, with other bytes, or not to its end."""
    begin = chance.choice((0, chance.randrange(len(events))))
    part = [*events[begin : begin + chance.randrange(1, 12)], events[-1]]
    for _ in range(chance.randrange(3)):
        place = chance.randrange(len(part))
        texts = VALUES.split(part[place])  # each second one is a value, or a name
        if len(texts) > 1:
            texts[chance.randrange(1, len(texts), 2)] = chance.choice(ODD)
            part[place] = b"".join(texts)
    if chance.random() < 0.2:
        chance.shuffle(part)
    body = bytearray(b"".join(part))
    for _ in range(chance.choice((0, 0, 1, 5))):
        body[chance.randrange(len(body))] = chance.randrange(256)
    return bytes(body[: chance.choice((None, None, None, chance.randrange(len(body))))])


def is_answer(dialect: Dialect, body: bytes) -> bool:
    """Whether it comes to an end; else it has come to a problem with a name. What was told can be shown and stored."""
    told: list[StreamEvent] = []
    kind = ""
    try:
        read(dialect, [body], told)
    except ProviderError as error:
        assert error.problem.title
        kind = error.problem.kind
    assert kind in KINDS if kind else isinstance(told[-1], Finished)
    assert not told or isinstance(told[0], Started)
    for event in told:
        match event:
            case TextDelta(text) | ReasoningDelta(text):
                text.encode()
            case ToolCallReady(_, call):
                f"{call.id}{call.name}{call.arguments}".encode()
            case _:
                pass
    return not kind


@every_format
def test_ten_thousand_damaged_streams_end_in_an_answer_or_a_named_problem(dialect: Dialect) -> None:
    chance, whole = random.Random(7), answers(dialect)
    ended = sum(is_answer(dialect, damaged(chance.choice(whole), chance)) for _ in range(10_000))
    assert 1000 < ended < 9000  # they are broken, but not beyond recognition
