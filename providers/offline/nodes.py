"""What the guide says of nodes. Every fact is one of the tools `read_node`, `list_nodes`, `find_nodes`, `upstream`,
`selected_nodes`.
"""

from __future__ import annotations

from collections.abc import Iterator

from .reference import NodeClass, Reference
from .text import Facts, branch, code, counted, figure, listed, table

_ROWS = 20
_KNOBS = 12
_LOOKS = frozenset(
    "label tile_color gl_color note_font note_font_size note_font_color cached postage_stamp dope_sheet hide_input "
    "bookmark lifetimeStart lifetimeEnd useLifetime indicators help".split()
)
"""Knobs about the node's looks: of no use in an explanation."""
NOTHING_SELECTED = "Nothing is selected in Nuke."


def explained(facts: Facts, reference: Reference) -> str:
    known = reference.find(facts.text("class"))
    parts = [" ".join(_sentences(facts, known)), *_knobs(facts)]
    return "\n\n".join(part for part in parts if part)


def _sentences(facts: Facts, known: NodeClass | None) -> Iterator[str]:
    name, class_name = facts.text("name"), facts.text("class")
    what = f": it {known.does}" if known else ""
    yield f"**{code(name)}** is of class {code(class_name, 80)}{what}."
    if facts.has("clone_of"):
        original = facts.text("clone_of")
        yield f"It is a clone of {code(original)} and shares its knobs." if original else "It is a clone."
    if facts.flag("disabled"):
        yield "It is **disabled**."
    elif not facts.has("disabled"):
        yield "An expression decides whether it is disabled."
    if facts.number("inside"):
        yield f"{counted(facts.number('inside'), 'node')} lie directly inside it."
    users = [code(user) for user in facts.texts("users")]
    if users or facts.texts("inputs"):
        yield _fed_by(facts, known)
        yield f"It feeds {listed(users, 5)}." if users else "It feeds no other node."
    elif not known or known.work != "structure":
        yield "It is connected to nothing."
    if facts.text("label"):
        yield f"Its label says {code(facts.text('label'), 120)}."


def _fed_by(facts: Facts, known: NodeClass | None) -> str:
    names = known.inputs if known else ()
    fed = [
        f"{code(source.text('name'))}{f' ({names[index]})' if 1 < len(names) > index else ''}"
        for index, source in enumerate(facts.parts("sources"))
        if source
    ]
    return f"It is fed by {listed(fed, 5)}." if fed else "Nothing in this script feeds it."


def _knobs(facts: Facts) -> Iterator[str]:
    knobs = [knob for knob in facts.parts("knobs") if knob.text("name") not in _LOOKS]
    if not knobs:
        yield "The script states no knob that matters, so it is at its defaults."
        return
    yield "The script states these knobs; all others are at their defaults:"
    yield table(("Knob", "Value"), [(code(knob.text("name")), _value(knob)) for knob in knobs[:_KNOBS]])
    if len(knobs) > _KNOBS:
        yield f"And {listed([code(knob.text('name')) for knob in knobs[_KNOBS:]], 12)}."
    if coded := [code(knob.text("name")) for knob in knobs if knob.flag("runs_code")]:
        yield f"Nuke runs what stands in {listed(coded)}. Nothing was run here."


def _value(knob: Facts) -> str:
    more = f" and {counted(knob.number('cut'), 'more character')}" if knob.number("cut") else ""
    return code(knob.text("value")) + more


def one_knob(facts: Facts) -> str:
    name, wanted, knobs = code(facts.text("name")), code(facts.text("knob")), facts.parts("knobs")
    if not knobs:
        return (
            f"The script does not state {wanted} for {name}. So it is at its default, which only Nuke knows, "
            f"or a node of class {code(facts.text('class'), 80)} has no such knob."
        )
    knob = knobs[-1]
    how = ", its default" if facts.flag("at_default") else _how(knob)
    return f"{code(knob.text('name'))} of {name} is {code(knob.text('value'), 400)}{how}."


def _how(knob: Facts) -> str:
    value = knob.text("value")
    if knob.flag("runs_code"):
        return ", text that Nuke runs"
    if value.startswith("{curve") or "{curve" in value[:200]:
        return ", an animation curve"
    return ", an expression" if value.startswith("{") and value.endswith("}") else ""


def node_list(facts: Facts) -> str:
    nodes, total = facts.parts("nodes"), facts.number("total")
    where = f" in {code(facts.text('group'))}" if facts.text("group") else ""
    if not total:
        return f"There is no node{_of_class(facts)}{where} in this script."
    last = "File" if any(node.text("file") for node in nodes) else "Label"
    rows = [(code(n.text("name")), code(n.text("class"), 40), _cell(n.text(last.lower()))) for n in nodes[:_ROWS]]
    head = f"**{counted(total, 'node')}**{_of_class(facts)}{where}:"
    return "\n\n".join((head, table(("Node", "Class", last), rows), *_more(total - len(rows))))


def selected(facts: Facts) -> str:
    nodes, total = facts.parts("nodes"), facts.number("total")
    if not nodes:
        return NOTHING_SELECTED
    rows = [(code(n.text("name")), code(n.text("class"), 40), _cell(n.text("label"))) for n in nodes[:_ROWS]]
    if total == 1:
        return f"{rows[0][0]} is selected, a node of class {rows[0][1]}."
    head = f"**{counted(total, 'node')}** are selected:"
    return "\n\n".join((head, table(("Node", "Class", "Label"), rows), *_more(total - len(rows))))


def number_of_nodes(facts: Facts) -> str:
    if not facts.number("total"):
        return node_list(facts)
    where = f" directly in {code(facts.text('group'))}" if facts.text("group") else ""
    names = [code(node.text("name")) for node in facts.parts("nodes")]
    which = f": {listed(names)}" if facts.text("class") and 0 < len(names) == facts.number("total") else ""
    return f"**{counted(facts.number('total'), 'node')}**{_of_class(facts)}{_clones(facts)}{where}{which}."


def _clones(facts: Facts) -> str:
    clones = 0 if facts.number("cut") else sum(node.has("clone_of") for node in facts.parts("nodes"))
    return f", {figure(clones)} of them clone{'' if clones == 1 else 's'}" if clones else ""


def _of_class(facts: Facts) -> str:
    """The class as the script has it, if all are of one; else the word that was asked for."""
    classes = {node.text("class") for node in facts.parts("nodes")}
    name = classes.pop() if len(classes) == 1 else facts.text("class")
    return f" of class {code(name, 80)}" if facts.text("class") else ""


def _cell(text: str) -> str:
    return code(text, 40) if text else ""


def _more(left: int) -> list[str]:
    return [f"And {figure(left)} more."] if left > 0 else []


def found(facts: Facts) -> str:
    total, wanted = facts.number("total"), code(facts.text("text"))
    if not total:
        return f"No node holds {wanted}: not in its name, class or label, and not in a knob that the script states."
    nodes = facts.parts("nodes")[:_ROWS]
    rows = [(code(node.text("name")), code(node.text("where")), code(node.text("excerpt"), 40)) for node in nodes]
    head = f"{wanted} is in **{counted(total, 'node')}**:"
    return "\n\n".join((head, table(("Node", "Where", "Text"), rows), *_more(total - len(rows))))


def upstream(facts: Facts) -> str:
    name, nodes = facts.text("name"), facts.parts("nodes")
    if not nodes:
        return f"Nothing in this script feeds {code(name)}: a branch begins there."
    total = len(nodes) + facts.number("cut")
    direct = [node for node in nodes if node.number("depth") == 1]
    rows = [(str(node.number("input")), code(node.text("name")), code(node.text("class"), 40)) for node in direct]
    main = [*reversed(_main_branch(facts)), (name, facts.text("class"))]
    parts = [
        f"{code(name)} is fed by **{counted(total, 'node')}**, directly by:",
        table(("Input", "Node", "Class"), rows[:_ROWS]),
        f"Up its main branch: {branch(main)}.",
    ]
    if ends := [code(end) for end in facts.texts("ends")]:
        parts.append(f"{'The branch begins' if len(ends) == 1 else 'The branches begin'} at {listed(ends, 8)}.")
    return "\n\n".join(parts)


def _main_branch(facts: Facts) -> list[tuple[str, str]]:
    """The nodes above, the nearest first, through the first connected input of each; out of a group by its Input."""
    known = {node.text("name"): node for node in facts.parts("nodes")}
    outside = {node.text("feeds"): node.text("name") for node in known.values()}
    chain, current = list[tuple[str, str]](), facts
    while len(chain) < len(known):
        source = next(iter(current.texts("inputs")), outside.get(current.text("name"), ""))
        if source not in known:
            break
        current = known[source]
        chain.append((source, current.text("class")))
    return chain


def no_such_node(facts: Facts) -> str:
    near, name = [code(item) for item in facts.texts("near")], code(facts.text("name"))
    if facts.text("error") == "several nodes":
        return f"Several nodes are named {name}: {listed(near)}. Which one?"
    hint = f" Did you mean {' or '.join(near[:3])}?" if near else " `list nodes` shows what is there."
    return f"There is no node {name} in this script.{hint}"


def a_class(class_name: str, known: NodeClass, facts: Facts) -> str:
    """For "what is a Keylight?": the class, and the nodes of it."""
    names = [code(node.text("name")) for node in facts.parts("nodes")]
    here = f"Here: {listed(names, 6)}." if names else "There is none in this script."
    return f"A {code(class_name)} {known.does}. {here}"
