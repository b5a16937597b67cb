"""What the studio decides holds in the terminal as well."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_process import Done, run
from fault_server import answers, fault_server
from nuke_ai_panel.panel.settings import STUDIO_VARIABLE

OFFERS = '[chat]\noffered = ["ollama"]\n[locked]\nsettings = ["chat.offered"]\n'
WHO = '[chat]\nprovider = "offline"\n[locked]\nsettings = ["chat.provider"]\n'
ADDRESS = '[providers.compatible]\naddress = "http://127.0.0.1:9/v1"\n[locked]\nsettings = ["providers.compatible"]\n'


async def ask(folder: Path, studio: str, *words: str) -> Done:
    (folder / "studio.toml").write_text(studio)
    return await run("ask", "hi", *words, **{STUDIO_VARIABLE: str(folder / "studio.toml")})


@pytest.mark.parametrize(
    ("studio", "words", "why"),
    [
        (OFFERS, ("--provider", "openai"), "not among the providers that are offered"),
        (WHO, ("--provider", "ollama"), "Decided by your studio"),
        (ADDRESS, ("--base-url", "http://127.0.0.1:8/v1"), "Decided by your studio"),
    ],
)
async def test_what_the_studio_has_locked_is_refused_as_bad_input_with_the_reason(
    tmp_path: Path, studio: str, words: tuple[str, ...], why: str
) -> None:
    done = await ask(tmp_path, studio, *words)
    assert done.code == 2 and why in done.err and done.out == ""


async def test_what_the_studio_only_suggests_gives_way_to_what_was_said(tmp_path: Path) -> None:
    async with fault_server(answers("from here")) as server:
        suggested = ADDRESS.partition("[locked]")[0]
        done = await ask(tmp_path, suggested, "--base-url", server.url, "--model", "tiny")
        assert done.code == 0 and "from here" in done.out


async def test_a_variable_chooses_who_answers(tmp_path: Path) -> None:
    done = await run("providers", "--json", NUKE_AI_PANEL_CHAT_PROVIDER="ollama")
    assert [row["id"] for row in done.json["providers"] if row["in_use"]] == ["ollama"]


async def test_only_providers_that_are_offered_are_listed() -> None:
    done = await run("providers", "--json", NUKE_AI_PANEL_CHAT_OFFERED="groq,ollama")
    assert {row["id"] for row in done.json["providers"]} == {"offline", "groq", "ollama"}
