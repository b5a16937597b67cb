"""`models`, and what a question tells on standard error while it waits."""

from __future__ import annotations

import json

from cli_process import at_a_terminal, run
from fault_server import Call, Handler, answers, fails, fault_server
from ollama_server import Installed, LittleOllama

BUSY = {"error": {"message": "busy", "type": "overloaded_error"}}
LISTED = {
    "data": [
        {
            "id": "vendor/large",
            "name": "Large",
            "context_length": 200_000,
            "supported_parameters": ["tools"],
            "architecture": {"input_modalities": ["text", "image"]},
        },
        {"id": "small\x1b[31m"},
    ]
}


def lists(document: object) -> Handler:
    async def handle(call: Call) -> None:
        await call.reply(json.dumps(document))

    return handle


def one_after_the_other(*handlers: Handler) -> Handler:
    left = list(handlers)

    async def handle(call: Call) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(call)

    return handle


async def test_the_models_are_a_table_with_what_is_known_of_each() -> None:
    async with fault_server(lists(LISTED)) as server:
        done = await run("models", "--base-url", server.url)
    first, second = done.out.splitlines()
    assert done.code == 0 and first.startswith("vendor/large") and "200k, tools, images" in first
    assert second == "small[31m"
    assert done.err == "2 models, just listed\n"


async def test_as_json_they_have_every_field() -> None:
    async with fault_server(lists(LISTED)) as server:
        done = await run("models", "compatible", "--base-url", server.url, "--json")
    assert done.code == 0 and done.err == ""
    assert (done.json["provider"], done.json["url"]) == ("compatible", server.url)
    assert 0 <= done.json["age_seconds"] < 60
    assert done.json["models"][0] == {
        "id": "vendor/large",
        "label": "Large",
        "context": 200_000,
        "output": None,
        "tools": True,
        "images": True,
        "reasoning": False,
        "loaded": None,
        "input_price": None,
        "output_price": None,
    }


async def test_a_list_that_is_known_is_not_asked_for_again_unless_that_is_wanted() -> None:
    async with fault_server(answers(models=["a", "b"])) as server:
        words = ("models", "--base-url", server.url, "--json")
        first, second = await run(*words), await run(*words)
        assert first.json["models"] == second.json["models"] and len(server.calls) == 1
        assert second.json["age_seconds"] > first.json["age_seconds"]
        assert (await run(*words, "--refresh")).code == 0
        assert len(server.calls) == 2


async def test_a_model_that_was_just_downloaded_is_listed() -> None:
    async with fault_server(LittleOllama({"small:1b": Installed()}, library={"large:70b": Installed()})) as server:
        words = ("models", "ollama", "--base-url", server.origin)
        before = await run(*words)
        await run("pull", "large:70b", "--base-url", server.origin)
        after = await run(*words)
    assert "large:70b" not in before.out and "large:70b" in after.out


async def test_a_list_that_does_not_come_is_exit_code_1_with_the_reason() -> None:
    async with fault_server(fails("401 Unauthorized", {"error": {"message": "bad key"}})) as server:
        words = ("models", "--base-url", server.url)
        plain, machine = await run(*words), await run(*words, "--json")
    assert (plain.code, plain.out) == (1, "") and "needs a key" in plain.err
    assert (machine.code, machine.err) == (1, "") and machine.json["error"]["kind"] == "key_missing"


async def test_a_provider_that_does_not_exist_is_bad_input() -> None:
    done = await run("models", "opena")
    assert (done.code, done.out) == (2, "") and "openai" in done.err


async def test_the_guide_is_a_model_too() -> None:
    done = await run("models", "offline", "--json")
    assert [model["id"] for model in done.json["models"]] == ["guide"]


async def test_ten_thousand_models_are_printed() -> None:
    async with fault_server(answers(models=[f"model-{number}" for number in range(10_000)])) as server:
        done = await run("models", "--base-url", server.url)
    assert len(done.out.splitlines()) == 10_000 and done.err == "10,000 models, just listed\n"


async def test_a_wait_is_told_once_where_nobody_watches() -> None:
    busy = fails("503 Service Unavailable", BUSY, Retry_After="1.2", Connection="close")
    async with fault_server(one_after_the_other(busy, answers("Hello"))) as server:
        done = await run("ask", "hi", "--base-url", server.url, "--model", "tiny")
    assert (done.code, done.out.strip()) == (0, "Hello")
    assert done.err.splitlines() == [f"127.0.0.1:{server.port} is overloaded at the moment, trying again in 2 s"]


async def test_at_a_terminal_a_wait_is_counted_down_and_wiped_away() -> None:
    busy = fails("503 Service Unavailable", BUSY, Retry_After="1.2", Connection="close")
    async with fault_server(one_after_the_other(busy, answers("Hello"))) as server:
        async with at_a_terminal("ask", "hi", "--base-url", server.url, "--model", "tiny") as terminal:
            for seconds in (2, 1):
                await terminal.wait_for(f"is overloaded at the moment, trying again in {seconds} s\r")
            await terminal.wait_for("   \rHello")
            assert await terminal.end() == 0


async def test_a_wait_at_a_terminal_ends_with_ctrl_c() -> None:
    async with fault_server(fails("503 Service Unavailable", BUSY, Retry_After="100")) as server:
        async with at_a_terminal("ask", "hi", "--base-url", server.url, "--model", "tiny") as terminal:
            await terminal.wait_for("trying again in 100 s")
            terminal.type("\x03")
            assert await terminal.end() == 130
        assert len(server.calls) == 1
