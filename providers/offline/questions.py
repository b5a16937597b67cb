r"""What a question is about, by rules. Owns the wording that the guide understands, and no facts.

What does this script do?           Summary         What feeds Merge1? / What feeds it?   Upstream
How many Grades? / Which Reads?     Listing         What is the size of Blur2?            Explain with a knob
Find "plate"                        Find            Explain Grade1 / Grade1               Explain
What is selected?                   Selection       Explain the selected nodes            Selection with their knobs
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Aspect = Literal["all", "disabled", "files", "project"]


@dataclass(frozen=True, slots=True)
class Greeting:
    pass


@dataclass(frozen=True, slots=True)
class Help:
    pass


@dataclass(frozen=True, slots=True)
class Summary:
    """About the script as a whole, or one aspect of it."""

    aspect: Aspect = "all"


@dataclass(frozen=True, slots=True)
class Listing:
    """Nodes of a class ("" is any), in a group ("" is anywhere). `count`: only how many."""

    class_name: str = ""
    group: str = ""
    count: bool = False


@dataclass(frozen=True, slots=True)
class Find:
    text: str


@dataclass(frozen=True, slots=True)
class Explain:
    """One node, or one knob of it."""

    name: str
    knob: str = ""


@dataclass(frozen=True, slots=True)
class Upstream:
    name: str


@dataclass(frozen=True, slots=True)
class Selection:
    """What the user has selected in Nuke: which nodes, each of them explained, or what feeds them."""

    about: Literal["names", "nodes", "upstream"] = "names"


@dataclass(frozen=True, slots=True)
class WhichNode:
    """Said "it", and no node was named before."""


@dataclass(frozen=True, slots=True)
class Beyond:
    """Needs a model."""


Question = Greeting | Help | Summary | Listing | Find | Explain | Upstream | Selection | WhichNode | Beyond

LONGEST = 2_000
"""Characters of a question that are looked at."""

_POLITE_BEFORE = re.compile(
    r"(?:(?:please|hey|ok(?:ay)?|so|now|and|then)[, ]+)*(?:(?:can|could|would|will) you (?:please )?)?", re.IGNORECASE
)
_POLITE_AFTER = re.compile(r"(?:[, ]+(?:please|thanks|thank you|for me))+$", re.IGNORECASE)
_IT = frozenset({"it", "this", "that", "this node", "that node", "the node"})
_NODE = r"[`'\"]?(?P<node>it|this node|that node|the node|[A-Za-z_][\w.#]*)[`'\"]?"
_SCRIPT = (
    r"(?:this|the|my|our|current|open) (?:(?:nuke|open|current) )?"
    r"(?:script|comp|file|gizmo|tree|setup|project|node graph|graph)"
)


def understand(text: str, last_node: str, *, live: bool = False) -> Question:
    """The question in a text. `last_node` is what "it" means, "" if nothing was named; then, in a running Nuke, it is
    what is selected.
    """
    said = _without_courtesy(" ".join(text[:LONGEST].split()).strip(" ?!."))
    for pattern, make in _RULES:
        if (found := pattern.fullmatch(said)) and (question := make(found)):
            return _resolved(question, last_node, live)
    return Beyond()


def _without_courtesy(said: str) -> str:
    plain = _POLITE_AFTER.sub("", said[end.end() :] if (end := _POLITE_BEFORE.match(said)) else said).strip(" ?!.,")
    return plain or said


def _resolved(question: Question, last_node: str, live: bool) -> Question:
    match question:
        case Explain(name, knob) if name.lower() in _IT:
            unnamed = Selection("nodes") if live and not knob else Summary()
            return Explain(last_node, knob) if last_node else unnamed
        case Upstream(name) if name.lower() in _IT:
            unnamed = Selection("upstream") if live else WhichNode()
            return Upstream(last_node) if last_node else unnamed
        case _:
            return question


Rule = Callable[[re.Match[str]], Question | None]


def _always(question: Question) -> Rule:
    def make(_: re.Match[str]) -> Question:
        return question

    return make


def _upstream(found: re.Match[str]) -> Question:
    return Upstream(found["node"])


def _explain(found: re.Match[str]) -> Question | None:
    name = found["node"]
    return None if name.lower() in _NO_NAMES - _IT else Explain(name)


def _named_only(found: re.Match[str]) -> Question | None:
    """A single word is a node's name only if it looks like one."""
    return Explain(found["node"]) if re.search(r"[\d_.]|[a-z][A-Z]", found["node"]) else None


def _knob(found: re.Match[str]) -> Question | None:
    name, knob = found["node"], found["knob"]
    if name.lower() in _NO_NAMES:
        return None
    if knob.lower() in _WHOLE_NODE:
        return Explain(name)
    return Listing(group=name) if knob.lower() in ("nodes", "contents") else Explain(name, knob)


def _find(found: re.Match[str]) -> Question:
    return Find(found["text"].strip("`'\" "))


def _listing(found: re.Match[str]) -> Question | None:
    """ "which Reads are there", "list the nodes in Group1"; "show Grade1" is about one node, a phrase is no class."""
    said = found[0].lower()
    what = re.sub(rf"\s*\b(?:in|of|inside|within) {_SCRIPT}$", "", found["what"], flags=re.IGNORECASE)
    what = re.sub(r"\s+(?:(?:does|do|has|have|are|is)\b.*|there|here)$", "", what, flags=re.IGNORECASE)
    what, _, group = what.partition(" in ")
    words = [word.strip("`'\"") for word in what.split() if word.lower() not in _FILLERS]
    if len(words) > 1 or (words and words[0].lower() in _IT | _NO_NAMES) or " " in group.strip():
        return None
    one_node = words and re.fullmatch(r"[\w.]*[A-Za-z_]\d+", words[0]) and "node" not in said
    if one_node and not said.startswith(("list", "how many")):
        return None
    return Listing("".join(words), group.strip("`'\" "), "how many" in said)


_FILLERS = frozenset("all the every any of nodes node me different".split())
_NO_NAMES = frozenset("this that the a an you i we there script comp nuke in on for to up wrong here".split())
_WHOLE_NODE = frozenset("purpose role point job function use class type name knobs settings values".split())

_IS = r"(?:what is|what's|whats|what are|show(?: me)?|read|get|tell me|give me)"
_SHORT_TALK = r"(?:hi|hello|hey|hallo|good (?:morning|afternoon|evening|day)|thanks|thank you)(?:[ ,]+\w+)?"
_ABOUT_US = r"help|help me|what can (?:you|i) (?:do|ask)(?: here)?|how does this work|who are you"
_FEEDS = r"feeds|goes into|comes into|flows into|drives|is (?:connected|plugged|wired) (?:in)?to"
_HOLDS = r"uses?|mentions?|contains?|references?|ha(?:s|ve)"
_LOOK_FOR = rf"find|search(?: for)?|look for|where is|where's|where are|which nodes? (?:{_HOLDS})"
_EXPLAIN = (
    r"explain|describe|tell me (?:more )?about|inspect|read|look at|show(?: me)?|what is|what's|what does|what about"
)

_SELECTED = r"(?:the |my |this |these )?(?:current(?:ly)? )?(?:selected(?: nodes?| ones?| things?)?|selection)"
_DO = r"(?: (?:do|does|doing|for))?"

# The first that fits the whole question decides, so the narrower ones stand first.
_RULES: tuple[tuple[re.Pattern[str], Rule], ...] = tuple(
    (re.compile(rf"(?:please |can you |could you )?(?:{pattern})", re.IGNORECASE), make)
    for pattern, make in (
        (_SHORT_TALK, _always(Greeting())),
        (_ABOUT_US, _always(Help())),
        (r"(?:.{0,60}\b)?(?:overview|summar(?:y|i[sz]e))\b.{0,100}", _always(Summary())),
        (r"(?:which|what|list|show|are|how many).{0,30}\bdisabled\b.{0,30}", _always(Summary("disabled"))),
        (r"(?:which|what|list|show)\b.{0,20}\b(?:in|out)?puts? files\b.{0,30}", _always(Summary("files"))),
        (r"(?:which|what|list|show)\b.{0,20}\bfiles?\b.{0,60}", _always(Summary("files"))),
        (
            rf"{_IS} (?:the )?(?:format|fps|frame ?rate|resolution|(?:frame )?range)(?: (?:of|in|for) {_SCRIPT})?",
            _always(Summary("project")),
        ),
        (rf"(?:{_IS} |list |which are )?{_SELECTED}(?: (?:is|are) (?:it|that|they|there))?", _always(Selection())),
        (
            r"(?:(?:what|which|how many)(?: \w+)?)(?:'s| is| are| do i have| have i)"
            r" (?:currently )?selected(?: (?:now|right now|here|at the moment))?",
            _always(Selection()),
        ),
        (rf"what (?:{_FEEDS}) (?:into )?{_SELECTED}", _always(Selection("upstream"))),
        (rf"(?:{_EXPLAIN}|what do) {_SELECTED}{_DO}", _always(Selection("nodes"))),
        (rf"what (?:{_FEEDS}) (?:into )?(?:the )?{_NODE}", _upstream),
        (
            rf"(?:{_IS} |list )?(?:everything |all |the )*(?:nodes )?"
            rf"(?:upstream(?: of| from)?|inputs? (?:of|to|for)|above) (?:the )?{_NODE}",
            _upstream,
        ),
        (rf"where does (?:the )?{_NODE} (?:come from|get its (?:input|image)s?(?: from)?)", _upstream),
        (r"how many (?P<what>.{1,80})", _listing),
        (rf"(?:{_LOOK_FOR}) (?:the |all )?(?:nodes? (?:with|named|called) )?(?P<text>.{{1,200}})", _find),
        (r"(?:list|which|what are|what(?= \w+s\b)|show(?: me)?|give me) (?P<what>.{1,80})", _listing),
        (r"list|nodes|all nodes", _always(Listing())),
        (rf"(?:what|tell|explain|describe|show|walk|give)\b.{{0,60}}\b{_SCRIPT}\b.{{0,200}}", _always(Summary())),
        (r"what(?: is|'s) (?:this|in here|in it|going on(?: here)?)|what does (?:this|that) do", _always(Summary())),
        (
            rf"(?:{_IS} )?(?:the )?(?:value of (?:the )?)?[`'\"]?(?P<knob>[A-Za-z_]\w*)[`'\"]?"
            rf"(?: knob| value| setting)? (?:of|on|in|for) (?:the )?(?:node )?{_NODE}",
            _knob,
        ),
        (rf"{_IS} (?:the )?{_NODE}'s (?P<knob>[A-Za-z_]\w*)(?: knob| value)?", _knob),
        (rf"(?:{_EXPLAIN}) (?:the |a |an )?(?:node )?{_NODE}(?: node)?(?: (?:do|does|doing|set|for))?", _explain),
        (_NODE, _named_only),
    )
)
