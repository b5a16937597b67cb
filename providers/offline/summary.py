"""What the guide says of a whole script. Every figure is one of the tool `overview`."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator

from .reference import Reference
from .text import Facts, branch, code, counted, figure, listed, table

_IN_TABLE = 8
_KINDS = {
    "script": "a script",
    "fragment": "a fragment: nodes to paste, without project settings",
    "gizmo": "a gizmo: one tool with a graph inside",
}
_NO_WORK = frozenset({"structure", "input", "output"})


def summary(facts: Facts, reference: Reference) -> str:
    """The whole answer to "what does this script do?"."""
    parts = [
        " ".join(_what_it_is(facts)),
        " ".join(_what_it_does(facts, reference)),
        *_classes(facts.counts("classes")),
        *_remarks(facts),
    ]
    return "\n\n".join(part for part in parts if part)


def _what_it_is(facts: Facts) -> Iterator[str]:
    version = facts.text("nuke_version")
    by = "open in" if facts.flag("live") else "written by"
    saved = f", {by} Nuke {code(version)}" if version else ""
    nodes, links = counted(facts.number("nodes"), "node"), counted(facts.number("links"), "link")
    yield f"**{code(facts.text('title'))}** is {_KINDS.get(facts.text('kind'), 'open')}{saved}."
    yield f"It has **{nodes}** and {links}{_grouped(facts)}."
    if settings := project(facts):
        yield settings


def _grouped(facts: Facts) -> str:
    groups = sorted(facts.parts("groups"), key=_size, reverse=True)
    if not groups:
        return ", no groups"
    names = listed([f"{code(group.text('name'))} ({figure(group.number('nodes'))} inside)" for group in groups], 3)
    return f", with {counted(len(groups), 'group')}: {names}"


def _size(group: Facts) -> int:
    return group.number("nodes")


def project(facts: Facts) -> str:
    """Format, range and speed as far as the script states them; empty if it states none of them."""
    stated, said = facts.part("project"), list[str]()
    if size := stated.part("format"):
        name = f" ({code(size.text('name'))})" if size.text("name") else ""
        said.append(f"{size.number('width')} x {size.number('height')}{name}")
    elif stated.text("format"):
        said.append(code(stated.text("format")))
    first, last = stated.text("first_frame"), stated.text("last_frame")
    if first and last:
        said.append(f"frames {code(first)} to {code(last)}")
    elif first or last:
        said.append(f"frames from {code(first)}" if first else f"frames up to {code(last)}")
    if stated.text("fps"):
        said.append(f"{code(stated.text('fps'))} fps")
    return f"The project is set to {', '.join(said)}." if said else ""


def _what_it_does(facts: Facts, reference: Reference) -> Iterator[str]:
    yield files(facts)
    if chains := facts.parts("chains"):
        yield _main_branch(chains[-1], len(chains) - 1)
    work = Counter[str]()
    for class_name, count in facts.counts("classes").items():
        known = reference.find(class_name.removeprefix("clone "))
        if known and known.work not in _NO_WORK:
            work[known.work] += count
    if work:
        kinds = [f"{kind} ({figure(count)})" for kind, count in work.most_common()]
        yield f"By its nodes, the work is {listed(kinds, 8)}."


def _main_branch(chain: Facts, others: int) -> str:
    group = chain.text("group")
    prefix, inside = (f"{group}.", f" inside {code(group)}") if group else ("", "")
    nodes = [(node.text("name").removeprefix(prefix), node.text("class")) for node in chain.parts("nodes")]
    also = f" ({counted(others, 'other end')} besides)" if others else ""
    return f"The main branch{inside} ends in {code(chain.text('end').removeprefix(prefix))}{also}: {branch(nodes)}."


def files(facts: Facts) -> str:
    """What is read and written, by node and file name."""
    reads, writes = facts.parts("reads"), facts.parts("writes")
    if not reads and not writes:
        return "It reads and writes no files."
    return f"It reads {_named_files(reads)} and writes {_named_files(writes)}."


def _named_files(nodes: list[Facts]) -> str:
    shown = [f"{_file(node)} ({code(node.text('name'))}{', off' if node.flag('disabled') else ''})" for node in nodes]
    return listed(shown, 4) if shown else "no files"


def _file(node: Facts) -> str:
    path = node.text("file")
    return code(re.split(r"[/\\]", path.rstrip("/\\"))[-1]) if path else "a file that is not set"


def _classes(counts: dict[str, int]) -> Iterator[str]:
    """All of them: the most frequent in a table, the rest in a sentence. A table of one or two rows is none."""
    rows = [(code(name, 80), figure(count)) for name, count in counts.items()]
    several = sum(count > 1 for count in counts.values())
    shown = len(rows) if len(rows) <= _IN_TABLE else min(_IN_TABLE, several)
    shown = shown if shown > 2 else 0
    rest = [f"{name} {count}" for name, count in rows[shown:]]
    if not shown:
        yield f"The nodes by class: {listed(rest, len(rest))}."
        return
    yield "The nodes by class:"
    yield table(("Class", "Nodes"), rows[:shown])
    if rest:
        yield f"And {listed(rest, len(rest))}."


def disabled(facts: Facts) -> str:
    names = [code(name) for name in facts.texts("disabled")]
    return f"{counted(len(names), 'node')} disabled: {listed(names, 12)}." if names else "No node is disabled."


def _remarks(facts: Facts) -> Iterator[str]:
    remarks = list[str]()
    if names := [label for text in facts.texts("backdrops") if (label := _plain(text))]:
        remarks.append(f"Backdrops name the parts {listed([code(name, 40) for name in names], 6)}.")
    if facts.texts("disabled"):
        remarks.append(disabled(facts))
    if coded := facts.parts("runs_code"):
        where = listed([f"{code(node.text('name'))} ({code(node.texts('knobs')[0])})" for node in coded], 3)
        nodes = counted(len(coded), "node")
        remarks.append(f"{nodes} with code that Nuke runs, by itself or on a click: {where}. Nothing was run here.")
    remarks += [f"Line {flaw.number('line')}: {code(flaw.text('text'), 120)}" for flaw in facts.parts("warnings")[:5]]
    if remarks:
        yield "Worth knowing:\n\n" + "\n".join(f"- {remark}" for remark in remarks)


def _plain(label: str) -> str:
    """A label without its HTML."""
    return html.unescape(re.sub(r"<[^>]{0,200}>", " ", label)).strip()
