"""What a model is told before the first question: who it is, and in short what script is open.

Owns the system message and its budget. The text is in `resources/prompts`; what comes from the script is fenced as
data and never part of the instructions.
"""

from __future__ import annotations

from ..providers.messages import Message, Text
from ..resources import path
from .hosts.base import Host, HostBusy
from .tools.answers import fence
from .tools.overview import overview

CHARACTERS_PER_TOKEN = 4
BUDGET = 1_500
"""Tokens for everything here: a model with a small context must have room left for the conversation."""


def system_message(host: Host, budget: int = BUDGET) -> Message:
    """The first message of each conversation, at most about `budget` tokens long; the instructions are always whole."""
    if host.kind == "none":
        return Message("system", (Text(_prompt("no_script")),))
    instructions = "\n".join((_prompt("system"), _prompt("live"))) if host.is_live else _prompt("system")
    room = max(0, budget * CHARACTERS_PER_TOKEN - len(instructions))
    try:
        script = fence(overview(host.snapshot()).lines, room)
    except HostBusy as busy:
        script = str(busy)
    return Message("system", (Text(f"{instructions}\n\nThe open script, in short:\n{script}"),))


def _prompt(name: str) -> str:
    return path(f"prompts/{name}.md").read_text(encoding="utf-8").strip()
