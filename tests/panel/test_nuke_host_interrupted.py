"""The running Nuke while it clears its script, opens another one, or renders: at each single call that we make."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import nuke_host_script
import pytest
from fake_nuke import fake_nuke  # noqa: F401
from nuke_ai_panel.panel.context import system_message
from nuke_ai_panel.panel.tools import ToolBox
from nuke_ai_panel.providers.messages import ToolCall

CALLS = [
    ("overview", {}),
    ("list_nodes", {"group": "Group1"}),
    ("find_nodes", {"text": "blur"}),
    ("read_node", {"name": "grade1"}),
    ("read_node", {"name": "Group1.Blur1#2", "knob": "size"}),
    ("upstream", {"name": "Group1.Blur1"}),
    ("selected_nodes", {}),
]
HAPPENING = ["cleared", "root goes", "busy"]


@pytest.fixture
def host(fake_nuke: Any) -> Any:  # noqa: F811
    from nuke_ai_panel.panel.hosts.nuke import NukeHost

    fake_nuke.scriptReadText(nuke_host_script.SCRIPT)
    for name in ("Grade1", "Group1.Blur1"):
        fake_nuke.toNode(name).setSelected(True)
    return NukeHost()


class Interruption:
    """Makes something happen right before the `at`th call of Nuke; counts calls."""

    def __init__(self, nuke: Any, what: str) -> None:
        self.at = -1
        self.count = 0
        self._nuke = nuke
        self._what = what

    def __call__(self, name: str) -> None:
        self.count += 1
        if self.count == self.at and self._what == "cleared":
            self._nuke.scriptClear()
        elif self.count == self.at and self._what == "root goes":
            self._nuke._script.root._attached = False
        elif self.count >= self.at > 0 and self._what == "busy":
            raise RuntimeError("I'm already executing something else")


@pytest.fixture
def interruption(fake_nuke: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Interruption]:  # noqa: F811
    import nuke_rules

    def interruption(what: str) -> Interruption:
        made, called = Interruption(fake_nuke, what), nuke_rules.called

        def call(name: str) -> None:
            called(name)
            if name not in ("scriptClear", "scriptReadText"):
                made(name)

        monkeypatch.setattr(nuke_rules, "called", call)
        monkeypatch.setattr(fake_nuke, "_called", call)
        return made

    return interruption


@pytest.mark.parametrize("what", HAPPENING)
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call[0])
def test_a_tool_call_has_a_result_whatever_happens_at_any_of_its_calls(
    call: tuple[str, dict[str, str]],
    what: str,
    interruption: Any,
    host: Any,
    fake_nuke: Any,  # noqa: F811
) -> None:
    happening, box = interruption(what), ToolBox(host)
    box.call(ToolCall("1", call[0], json.dumps(call[1])))
    total, outcomes = happening.count, list[str]()
    for at in range(1, total + 1):
        fake_nuke.scriptClear()
        fake_nuke.scriptReadText(nuke_host_script.SCRIPT)
        happening.at, happening.count = at, 0
        outcome = box.call(ToolCall("1", call[0], json.dumps(call[1])))
        assert outcome.result.text and outcome.outcome
        outcomes.append(outcome.outcome)
        happening.at = -1
    if what == "busy":
        assert outcomes[0] == "Nuke is busy"


@pytest.mark.parametrize("what", HAPPENING)
def test_the_header_and_the_system_message_are_told_whatever_happens(what: str, interruption: Any, host: Any) -> None:
    happening = interruption(what)
    for at in (1, 2, 3):
        happening.at, happening.count = at, 0
        assert host.title and system_message(host)
