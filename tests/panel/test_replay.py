"""`nuke-ai-panel replay`: what a recorded stream comes to, in all the forms that a recording may have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_process import run
from fault_server import Call, answers, chat, chunk, fails, fault_server, sse
from nuke_ai_panel.panel.cli.main import main
from nuke_ai_panel.providers.errors import KINDS

FORMATS_OF = {
    "anthropic": "anthropic",
    "google": "gemini",
    "openai_responses": "openai_responses",
    "open-responses_responses": "openai_responses",
    "xai_responses": "openai_responses",
}
"""By the beginning of a file's name; the others speak the OpenAI chat format, but for Azure's."""
RECORDED = 62


def replayed(path: Path, capsys: pytest.CaptureFixture[str], name: str = "openai_chat") -> dict[str, Any]:
    assert main(["replay", str(path), "--as", name, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def lines_of(events: list[bytes]) -> bytes:
    return b"".join(event.removeprefix(b"data: ").replace(b"\n\n", b"\n") for event in events)


@pytest.mark.parametrize("form", ["raw", "lines", "raw, with a comment", "lines, without the last line end"])
def test_a_stream_comes_to_its_text_in_every_form(form: str, tmp_path: Path, capsys: Any) -> None:
    events = chat("Hel", "lo")
    forms = {
        "raw": b"".join(events),
        "lines": lines_of(events),
        "raw, with a comment": b": recorded today\n\n" + b"".join(events),
        "lines, without the last line end": lines_of(events).rstrip(),
    }
    (tmp_path / "stream").write_bytes(forms[form])
    found = replayed(tmp_path / "stream", capsys)
    assert (found["text"], found["finish"], found["raw_finish"], found["error"]) == ("Hello", "stop", "stop", None)
    assert [event["kind"] for event in found["events"]] == ["start", "text", "text", "finish"]


def test_several_answers_come_to_the_text_of_all_and_the_end_of_the_last(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "stream").write_bytes(
        b"".join([*chat("Hel"), sse("[DONE]"), *chat("lo", finish="length"), sse("[DONE]")])
    )
    found = replayed(tmp_path / "stream", capsys)
    assert (found["text"], found["finish"], found["error"]) == ("Hello", "length", None)


def test_a_second_answer_that_was_cut_says_so(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "stream").write_bytes(b"".join([*chat("Hel"), chunk("lo")]))
    found = replayed(tmp_path / "stream", capsys)
    assert (found["text"], found["error"]["kind"]) == ("Hello", "stream_cut")


def test_a_whole_answer_comes_to_its_text(tmp_path: Path, capsys: Any) -> None:
    message = {"role": "assistant", "content": "Hello", "tool_calls": None}
    document = {"choices": [{"message": message, "finish_reason": "stop"}], "usage": {"prompt_tokens": 3}}
    (tmp_path / "answer.json").write_text(json.dumps(document, indent=1))
    found = replayed(tmp_path / "answer.json", capsys)
    assert found["text"] == "Hello" and found["usage"]["input"] == 3 and found["usage"]["output"] is None


def test_calls_and_reasoning_are_told(tmp_path: Path, capsys: Any) -> None:
    call = {"index": 0, "id": "c1", "function": {"name": "f", "arguments": '{"a": 1}'}}
    events = [chunk(reasoning_content="Hm."), chunk(tool_calls=[call]), chunk(finish="tool_calls")]
    (tmp_path / "stream").write_bytes(b"".join(events))
    found = replayed(tmp_path / "stream", capsys)
    assert found["reasoning"] == "Hm." and found["finish"] == "tool_calls"
    assert found["tool_calls"] == [{"id": "c1", "name": "f", "arguments": {"a": 1}}]


def test_arguments_that_are_no_json_stay_text(tmp_path: Path, capsys: Any) -> None:
    call = {"index": 0, "id": "c1", "function": {"name": "f", "arguments": '{"a":'}}
    (tmp_path / "stream").write_bytes(chunk(tool_calls=[call]) + chunk(finish="stop"))
    assert replayed(tmp_path / "stream", capsys)["tool_calls"][0]["arguments"] == '{"a":'


def test_a_recorded_error_is_a_result_with_the_text_before_it(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "stream").write_bytes(chunk("Hel") + sse({"error": {"code": "rate_limit_exceeded", "message": "slow"}}))
    found = replayed(tmp_path / "stream", capsys)
    assert found["text"] == "Hel" and found["finish"] is None
    assert found["error"]["kind"] == "rate_limited"


def test_a_stream_that_was_cut_says_so(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "stream").write_bytes(chunk("Hel") + chunk("lo"))
    assert replayed(tmp_path / "stream", capsys)["error"]["kind"] == "stream_cut"


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe\x00", b"data:\n\n", b"[]", b"null", b"{" * 100_000])
def test_what_is_no_stream_is_told_and_nothing_breaks(content: bytes, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "stream").write_bytes(content)
    assert replayed(tmp_path / "stream", capsys)["error"]["kind"] == "stream_cut"


def test_without_json_the_text_is_printed_and_the_rest_beside_it(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "stream").write_bytes(b"".join(chat("Hello")))
    assert main(["replay", str(tmp_path / "stream"), "--as", "openai_chat"]) == 0
    out, err = capsys.readouterr()
    assert out == "Hello\n" and "ended: stop" in err


@pytest.mark.parametrize("arguments", [["none.txt", "--as", "openai_chat"], [".", "--as", "openai_chat"]])
def test_a_file_that_cannot_be_read_is_bad_input(arguments: list[str], capsys: Any) -> None:
    assert main(["replay", *arguments]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_an_unknown_format_is_bad_input_and_the_known_ones_are_named(capsys: Any) -> None:
    assert main(["replay", "none.txt", "--as", "morse"]) == 2
    assert "openai_chat, openai_responses, anthropic, gemini, ollama" in capsys.readouterr().err


async def test_what_ask_records_is_what_replay_takes(tmp_path: Path) -> None:
    file, key = tmp_path / "answer.txt", "odd-SENTINEL-0123456789"
    file.write_text("something of before")
    async with fault_server(answers("Hel", "lo", f" {key}")) as server:
        words = ("ask", "What is that?", "--base-url", server.url, "--model", "tiny", "--record", str(file))
        asked = await run(*words, NUKE_AI_PANEL_API_KEY=key)
    assert asked.code == 0 and "Recorded 1 answer in" in asked.err and "Read it before you share it." in asked.err
    again = await run("replay", str(file), "--as", "openai_chat", "--json")
    assert again.json["text"] == "Hello [key removed]" and again.json["finish"] == "stop"
    kept = file.read_text()
    assert "What is that?" in kept and key not in kept and "before" not in kept.replace("before you share", "")


async def test_a_refusal_that_ask_records_is_replayed_as_one_and_a_retry_by_its_last_answer(tmp_path: Path) -> None:
    refuse, answer = fails("429 No", {"error": {"message": "slow"}}, Retry_After="0.01"), answers("Hello")
    tried: list[int] = []

    async def at_last(call: Call) -> None:
        tried.append(1)
        await (refuse if len(tried) == 1 else answer)(call)

    for handler, found in ((fails("401 No", {"error": {"message": "no"}}), "key_missing"), (at_last, None)):
        file = tmp_path / f"{found}.txt"
        async with fault_server(handler) as server:
            await run("ask", "hi", "--base-url", server.url, "--model", "tiny", "--record", str(file))
        replayed = (await run("replay", str(file), "--as", "openai_chat", "--json")).json
        assert (replayed["error"] or {}).get("kind") == found
        assert replayed["text"] == ("" if found else "Hello")


@pytest.mark.parametrize("file", [".", "missing/answer.txt/below"])
async def test_a_recording_that_cannot_be_written_is_told_before_anything_is_asked(file: str, tmp_path: Path) -> None:
    (tmp_path / "missing").mkdir()
    (tmp_path / "missing" / "answer.txt").write_text("in the way")
    async with fault_server(answers("Hello")) as server:
        asked = await run("ask", "hi", "--base-url", server.url, "--record", str(tmp_path / file))
    assert asked.code == 2 and "cannot be written" in asked.err and not server.calls


async def test_the_guide_has_nothing_to_record_and_says_so(tmp_path: Path) -> None:
    asked = await run("ask", "hi", "--record", str(tmp_path / "answer.txt"))
    assert asked.code == 0 and "is empty: no service answered" in asked.err


def test_every_recorded_stream_replays(data: Path, capsys: Any) -> None:
    streams = sorted(path for path in (data / "streams").iterdir() if path.name != "SOURCES.md")
    assert len(streams) == RECORDED
    for path in streams:
        name = "openai_responses" if path.name.startswith("azure__") else "openai_chat"
        found = replayed(path, capsys, FORMATS_OF.get(path.name.partition("__")[0], name))
        assert found["error"] is None or found["error"]["kind"] in KINDS, path.name
        assert found["error"] or found["finish"], path.name
