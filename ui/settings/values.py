"""What the settings dialog shows and hands on, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

KeyKind = Literal["loading", "none", "session", "environment", "keyring", "unavailable"]
KeyRemedy = Literal["", "unlock", "again"]
ProviderState = Literal["ready", "unset", "failed", "busy"]
StepState = Literal["ok", "bad", "skip", "run"]
TestAction = Literal[
    "ask",
    "replace_key",
    "open_key_page",
    "open_billing_page",
    "choose_model",
    "download",
    "edit_address",
    "use_address",
    "open_network",
    "open_certificates",
    "open_limits",
    "retry",
]
FieldKind = Literal["switch", "choice", "number", "text", "path", "list", "secret"]


@dataclass(frozen=True)
class KeyState:
    """Where a provider's key is, never the key. `where`: the store's name, the variable's name, or (unavailable,
    session) why no store has it; `ending`: the last characters of the key; `remedy`: what may help the store."""

    kind: KeyKind = "none"
    where: str = ""
    ending: str = ""
    remedy: KeyRemedy = ""


@dataclass(frozen=True)
class ServiceDraft:
    """A service of the user's own as a form has it. `headers`: one a line, as `Name: value`."""

    label: str = ""
    format: str = ""
    address: str = ""
    headers: str = ""
    needs_key: bool = False


@dataclass(frozen=True)
class ProviderPageSpec:
    """One provider's page. `connects` False: it has no address, key or model (the built-in guide).

    `own`: how the user has described it, if it is a service of theirs.
    """

    id: str
    label: str
    address: str = ""
    default_address: str = ""
    key_state: KeyState = KeyState()
    model: str = ""
    models: tuple[str, ...] = ()
    key_page: str = ""
    needs_key: bool = True
    local: bool = False
    description: str = ""
    connects: bool = True
    own: ServiceDraft | None = None
    in_use: bool = False
    choice_locked_by: str = ""
    address_locked_by: str = ""
    model_locked_by: str = ""
    """Who decides it instead, as a sentence."""
    state: ProviderState = "unset"
    words: str = "Not set up"


@dataclass(frozen=True)
class ProviderDraft:
    """What is on a page, saved or not. `key`: typed and not saved yet, else "".

    `ask`: the test is to end with a question, which costs a token.
    """

    address: str
    key: str
    model: str
    ask: bool = False


@dataclass(frozen=True)
class StepRow:
    """One step of a connection test. `took`: as it is shown ("12 ms")."""

    name: str
    state: StepState
    detail: str = ""
    took: str = ""


@dataclass(frozen=True)
class TestVerdict:
    """How a test ended. `actions`: at most two are shown; `detail`: for Details, redacted, may be copied.

    `summary` stands beside the button ("Stopped at step 6 of 8, 0.3 s"); `address` is what "use_address" puts into the
    field; `report` is the whole test as text to paste into a ticket, redacted.
    """

    __test__ = False  # pytest: not a test class

    ok: bool
    title: str
    text: str = ""
    actions: tuple[TestAction, ...] = ()
    detail: str = ""
    summary: str = ""
    address: str = ""
    report: str = ""


@dataclass(frozen=True)
class FieldSpec:
    """One setting. `choices`: pairs of value and words; `locked_by`: who decides it instead, as a sentence.

    `value`: as it is typed; of a switch "on" or "off", of a secret its `KeyState`. `standard`: what Reset goes back
    to, in words; "" where there is nothing to reset. `page` and `group`: under which headings it stands.
    """

    id: str
    label: str
    kind: FieldKind
    value: object
    choices: tuple[tuple[str, str], ...] = ()
    help: str = ""
    locked_by: str = ""
    page: str = "Chat"
    group: str = ""
    unit: str = ""
    standard: str = ""

    @property
    def words(self) -> str:
        """Everything that a search looks through."""
        return " ".join((self.page, self.group, self.label, self.help, self.id))
