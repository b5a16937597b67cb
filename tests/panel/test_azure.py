"""Azure OpenAI from the settings to the answer: an address of the user's, and the key in a header of its own."""

from __future__ import annotations

import pytest
from cli_process import run
from fault_server import Call, answers, fails, fault_server, model_list
from nuke_ai_panel.panel.settings import settings_path

KEY = "0123456789abcdef0123456789abcdef"


async def resource(call: Call) -> None:
    """One that lists what could be deployed, and answers to its key."""
    if call.headers.get("api-key") != KEY or "authorization" in call.headers:
        denied = {"error": {"code": "401", "message": "Access denied due to invalid subscription key."}}
        await fails("401 Unauthorized", denied)(call)
    elif call.path == "/openai/v1/models":
        await call.reply(model_list("gpt-5", "gpt-5-mini"))
    elif call.path == "/openai/v1/chat/completions":
        await answers("from the deployment")(call)
    else:
        await fails("404 Not Found", {"error": {"code": "404", "message": "Resource not found"}})(call)


@pytest.mark.parametrize("path", ["", "/", "/openai/v1", "/openai/v1/chat/completions"])
async def test_a_deployment_answers_however_its_address_is_written(path: str) -> None:
    async with fault_server(resource) as server:
        settings_path().parent.mkdir(parents=True)
        settings_path().write_text(f'[providers.azure]\naddress = "{server.origin}{path}"\nmodel = "my-deployment"\n')
        done = await run("ask", "hi", "--provider", "azure", "--json", NUKE_AI_PANEL_API_KEY=KEY)
        assert done.json["text"] == "from the deployment"
        assert server.calls[-1].json["model"] == "my-deployment" and KEY not in done.out + done.err


async def test_its_connection_is_tested_with_the_same_key() -> None:
    async with fault_server(resource) as server:
        words = ("azure", "--base-url", server.origin, "--json")
        done = await run("test", *words, NUKE_AI_PANEL_API_KEY=KEY)
        assert done.json["ok"] and done.json["url"] == f"{server.origin}/openai/v1"
        done = await run("test", *words, NUKE_AI_PANEL_API_KEY="another-key-0123456789")
        assert done.code == 1 and done.json["error"]["kind"] == "key_wrong"
        assert done.json["error"]["title"].startswith("Azure OpenAI")


async def test_the_keys_of_other_services_are_not_shown_to_it() -> None:
    async with fault_server(resource) as server:
        words = ("ask", "hi", "--provider", "azure", "--base-url", server.origin, "--model", "m", "--json")
        done = await run(*words, OPENAI_API_KEY=KEY, AZURE_OPENAI_API_KEY=KEY)
        assert done.json["error"]["kind"] == "key_missing"
        assert all(KEY not in str(call.headers) for call in server.calls)
