"""The port to a node graph: what the tools read, whether it lies in a file or in a running Nuke.

Owns the `Host` protocol and its values, all plain and frozen, what still hosts share, and the host of an empty screen.
Reads are synchronous, pure and quick; nodes are known by their full name (`Group1.Blur1`), because the objects behind
the names may die between two turns. `None` means "the host does not know", never "default".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, Self

Kind = Literal["script", "fragment", "gizmo", "none"]


class HostBusy(Exception):
    """The host does not answer now, such as a Nuke that renders or is about to clear its script. Later it will."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know about the script as a whole. `line` counts from 1, None outside files."""

    text: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """The script's settings that it states; an empty text or None where it says nothing.

    `format` is as Nuke writes it: `2048 1556 0 0 2048 1556 1 NAME`.
    """

    nuke_version: str | None = None
    format: str = ""
    fps: str = ""
    first_frame: str = ""
    last_frame: str = ""
    colour_management: str = ""
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A node at a glance. `inputs[i]` is the full name of what feeds input `i`, None where nothing does.

    `disabled` None: an expression decides. `clone_of` is the original's full name, empty if that is unknown; None for
    a node that is no clone. `opens_group`: other nodes may lie inside it. `code` names its knobs whose text Nuke runs.
    """

    name: str
    class_name: str
    group: str
    inputs: tuple[str | None, ...] = ()
    label: str = ""
    disabled: bool | None = False
    clone_of: str | None = None
    opens_group: bool = False
    position: tuple[int, int] | None = None
    file: str = ""
    code: tuple[str, ...] = ()

    @property
    def counted_as(self) -> str:
        """The class under which it is counted: a clone is not one more of its class."""
        return self.class_name if self.clone_of is None else f"clone {self.class_name}"


@dataclass(frozen=True, slots=True)
class KnobValue:
    """A knob that is not at its default: its text as the script has it, unquoted.

    `runs_code`: Nuke executes this text by itself or on a click.
    """

    name: str
    value: str
    runs_code: bool = False


class Host(Protocol):
    """One open script. Nothing here runs callbacks, evaluates expressions or changes anything.

    `title` and `path` always answer; whatever else is asked of a running Nuke may raise HostBusy.
    """

    @property
    def title(self) -> str:
        """The file name, for people."""
        ...

    @property
    def path(self) -> str | None: ...

    @property
    def kind(self) -> Kind: ...

    @property
    def is_live(self) -> bool:
        """Whether it is the running Nuke: what is read is what the user sees, and nodes may be selected."""
        ...

    def snapshot(self) -> Host:
        """The host to read through in one call, so that nothing is read twice. It is not kept beyond the call."""
        ...

    async def read_ahead(self) -> Host:
        """A snapshot whose nodes have been read already, in small pieces between which the screen goes on."""
        ...

    def project(self) -> Project: ...

    def nodes(self) -> Sequence[NodeRow]:
        """Every node at every depth, the project settings (Root) included, in the order of the script."""
        ...

    def node(self, name: str) -> NodeRow | None:
        """By exact full name."""
        ...

    def knobs(self, name: str) -> tuple[KnobValue, ...]:
        """The knobs that the script states for a node; of a clone also those of its original. Empty: no such node."""
        ...

    def at_default(self, name: str, knob: str) -> KnobValue | None:
        """A knob that the script does not state, whatever the case of its name; only a running Nuke knows these."""
        ...

    def selection(self) -> tuple[str, ...]:
        """The full names of the nodes that the user has selected, inside groups too."""
        ...


class Still:
    """What hosts have in common that change under nobody's hands: a file as it was read, an empty screen."""

    is_live = False

    def snapshot(self) -> Self:
        return self

    async def read_ahead(self) -> Self:
        return self

    def at_default(self, name: str, knob: str) -> KnobValue | None:
        return None

    def selection(self) -> tuple[str, ...]:
        return ()


class EmptyHost(Still):
    """No script is open."""

    title = ""
    path: str | None = None
    kind: Kind = "none"

    def project(self) -> Project:
        return Project()

    def nodes(self) -> Sequence[NodeRow]:
        return ()

    def node(self, name: str) -> NodeRow | None:
        return None

    def knobs(self, name: str) -> tuple[KnobValue, ...]:
        return ()
