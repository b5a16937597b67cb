"""In which order and under which names the nodes of one group are told, so that both hosts agree. Knows no host."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import TypeVar

N = TypeVar("N", bound=Hashable)


def sources_first(inputs: Mapping[N, tuple[N | None, ...]]) -> list[N]:
    """All keys in their order, but each behind those that feed it: as Nuke writes a script."""
    ordered: dict[N, None] = {}
    entered = set[N]()
    for node in inputs:
        waiting = [node]
        while waiting:
            current = waiting[-1]
            if current in entered:
                ordered.setdefault(waiting.pop())
                continue
            entered.add(current)
            waiting += [s for s in reversed(inputs[current]) if s is not None and s in inputs and s not in entered]
    return list(ordered)


def counted_names(names: Iterable[str]) -> Iterator[str]:
    """Clones share one name in Nuke; told apart they are `Blur1`, `Blur1#2`, `Blur1#3`."""
    counts = Counter[str]()
    for name in names:
        counts[name] += 1
        yield name if counts[name] == 1 else f"{name}#{counts[name]}"
