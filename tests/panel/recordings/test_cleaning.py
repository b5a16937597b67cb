"""What is taken out of a recording: keys, also in pieces, and pictures; and that all else stays."""

from __future__ import annotations

import base64
import json
from typing import Any

import dialects
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel.panel.recordings.cleaning import Cleaner
from nuke_ai_panel.panel.recordings.pictures import in_text, without_pictures
from nuke_ai_panel.providers.errors import ProviderError
from nuke_ai_panel.providers.formats import wire_format
from nuke_ai_panel.providers.messages import StreamEvent, TextDelta
from nuke_ai_panel.providers.openai_chat.quirks import ChatQuirks
from nuke_ai_panel.providers.recorded import replayed
from nuke_ai_panel.providers.redact import REMOVED, Redactor, Secret
from nuke_ai_panel.providers.wire.recording import KEPT_HEADERS, TITLE, Head, read_head

KEY = 'odd-SENTINEL7f/3+9~qwe"rtzuiop&asdf=%ghjkl-0123'
PICTURE = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(200))).decode()
FORMATS = pytest.mark.parametrize("name", dialects.ALL)


def redactor() -> Redactor:
    made = Redactor()
    made.add(Secret(KEY))
    return made


CLEANER = Cleaner(redactor().clean)


def events_of(stream: bytes, name: Any) -> tuple[list[StreamEvent], str]:
    events: list[StreamEvent] = []
    try:
        for event in replayed(stream, wire_format(name, ChatQuirks())):
            events.append(event)
    except ProviderError as error:
        return events, error.problem.kind
    return events, ""


def text_of(stream: bytes, name: str) -> str:
    return "".join(event.text for event in events_of(stream, name)[0] if isinstance(event, TextDelta))


@FORMATS
@given(texts=st.lists(st.text(min_size=1), min_size=1, max_size=6))
def test_whatever_was_said_is_replayed_as_it_was_but_for_keys(name: str, texts: list[str]) -> None:
    stream = b"".join(dialects.ALL[name].stream(*texts))
    said = text_of(stream, name)
    cleaned = CLEANER.answer(stream)
    assert text_of(cleaned, name) == redactor().clean(said)
    if redactor().clean(said) == said:
        assert cleaned == stream


@FORMATS
@pytest.mark.parametrize("length", [1, 3, 7, 20, 46])
def test_a_key_that_is_said_in_pieces_is_nowhere(name: str, length: int) -> None:
    told = f"You sent {KEY}, did you?"
    pieces = [told[at : at + length] for at in range(0, len(told), length)]
    cleaned = CLEANER.answer(b"".join(dialects.ALL[name].stream(*pieces)))
    assert text_of(cleaned, name) == f"You sent {REMOVED}, did you?"
    assert not any(piece.encode() in cleaned for piece in pieces if len(piece) > 6 and piece in KEY)


@FORMATS
@given(st.integers(0, 2000))
def test_a_key_that_is_cut_with_its_line_is_left_out(name: str, at: int) -> None:
    stream = b"".join(dialects.ALL[name].stream(f"You sent {KEY}."))[: at or None]
    assert b"SENTINEL" not in CLEANER.answer(stream)


@FORMATS
@given(st.integers(0, 400))
def test_a_stream_that_is_cut_anywhere_comes_to_the_same(name: str, at: int) -> None:
    stream = b"".join(dialects.ALL[name].stream("Hel", "lo", "!"))[:at]
    assert events_of(CLEANER.answer(stream), name) == events_of(stream, name)


@given(st.binary(max_size=300))
def test_whatever_bytes_come_they_stay_unless_a_line_was_cut(body: bytes) -> None:
    cleaned = CLEANER.answer(body)
    assert cleaned == body or REMOVED.encode() in cleaned or cleaned.endswith(b"characters are left out\n")


def test_calls_that_run_beside_each_other_are_not_mixed() -> None:
    deltas = [(0, '{"a": "SENT'), (1, '{"b": "SENT'), (0, "INEL7f"), (1, "INEL7f"), (0, '0"}'), (1, '1"}')]
    calls = [{"index": index, "function": {"arguments": text}} for index, text in deltas]
    lines = [json.dumps({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}) for call in calls]
    other = Redactor()
    other.add(Secret("SENTINEL7f0"))
    stream = "".join(f"data: {line}\n\n" for line in lines).encode()
    told = [json.loads(line[6:]) for line in Cleaner(other.clean).answer(stream).decode().splitlines() if line]
    found = {0: "", 1: ""}
    for document in told:
        [call] = document["choices"][0]["delta"]["tool_calls"]
        found[call["index"]] += call["function"]["arguments"]
    assert found == {0: f'{{"a": "{REMOVED}"}}', 1: '{"b": "SENTINEL7f1"}'}


@pytest.mark.parametrize("document", [
    {"error": {"message": KEY}},
    {"deep": [{"er": [KEY]}]},
    {KEY: "a name"},
    {"api_key": "unknown-to-anybody"},
    {"headers": {"Authorization": "Basic dW5rbm93bi10by1hbnlib2R5"}},
    {"note": "curl -H 'x-api-key: unknown-to-anybody'"},
    {"inside": json.dumps({"inside": json.dumps(KEY)})},
    {"url": "https://ann:unknown-to-anybody@proxy:3128"},
])  # fmt: skip
def test_a_key_is_found_wherever_it_stands(document: Any) -> None:
    for body in (json.dumps(document), json.dumps(document, indent=2), f"data: {json.dumps(document)}\r\n\r\n"):
        cleaned = CLEANER.answer(body.encode()).decode()
        assert "SENTINEL" not in cleaned and "unknown" not in cleaned and "dW5rbm93" not in cleaned
        json.loads(cleaned.removeprefix("data:"))


def test_names_that_only_sound_like_keys_stay() -> None:
    schema = {"type": "object", "properties": {"password": {"type": "string"}}, "required": ["password"]}
    assert json.loads(CLEANER.question(json.dumps(schema).encode())) == schema


@pytest.mark.parametrize("document", [
    {"image_url": {"url": f"data:image/png;base64,{PICTURE}"}},
    {"image_url": f"data:image/svg+xml;charset=utf-8;base64,{PICTURE}"},
    {"source": {"type": "base64", "media_type": "image/jpeg", "data": "AAAA"}},
    {"inlineData": {"mimeType": "image/x-unheard-of", "data": "AAAA"}},
    {"inline_data": {"mime_type": "audio/wav", "data": "AAAA"}},
    {"images": ["AAAA", "BBBB"]},
    {"data": [{"b64_json": "AAAA"}]},
    {"type": "image_generation_call", "result": "AAAA"},
    {"text": f"look: {PICTURE} there"},
    {"arguments": json.dumps({"picture": PICTURE})},
])  # fmt: skip
def test_pictures_are_taken_out_and_said_to_be(document: Any) -> None:
    told = json.dumps(without_pictures(document))
    assert "removed, " in told and "AAAA" not in told and PICTURE[:40] not in told


def test_what_was_taken_out_is_named_with_its_size_and_kind() -> None:
    assert in_text(f"data:image/png;base64,{'A' * 4000}") == "[image removed, 3 kB, image/png]"
    assert in_text(f"a {PICTURE} b") == "a [image removed, 210 bytes, image/png] b"


@pytest.mark.parametrize("document", [
    {"encrypted_content": "gAAAAABp" + "x" * 400},
    {"signature": "EqQBCkgIAR" + "/" * 300},
    {"data": "EqQBCkgIAR", "type": "redacted_thinking"},
    {"text": "data: is a word, and base64, too"},
])  # fmt: skip
def test_sealed_reasoning_and_words_stay(document: Any) -> None:
    assert without_pictures(document) == document


@pytest.mark.parametrize("body", [b"[" * 900 + b"]" * 900, b"{" * 5000, b'{"a":' * 900 + b"1" + b"}" * 900])
def test_what_is_nested_too_deeply_is_cleaned_as_text(body: bytes) -> None:
    assert len(CLEANER.answer(body)) > 30 and len(CLEANER.question(body)) > 30


texts = st.text(max_size=30)


@given(
    st.builds(
        Head, texts, texts, texts, texts, st.booleans(), st.integers(100, 599),
        st.dictionaries(st.sampled_from(KEPT_HEADERS), texts),
    )
)  # fmt: skip
def test_what_stands_at_the_top_is_read_as_it_was_written(head: Head) -> None:
    def plain(text: str) -> str:
        return " ".join(text.split())

    found = read_head([f"{TITLE}, today", *head.lines(), ": status: 999", ": nonsense"])
    assert (found.with_key, found.status) == (head.with_key, head.status)
    assert (found.provider, found.format) == (plain(head.provider), plain(head.format))
    assert (found.model, found.path) == (plain(head.model), plain(head.path))
    assert found.headers == {name: plain(value) for name, value in head.headers.items()}
