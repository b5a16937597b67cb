"""What a package needs: its requirements (PEP 508), their conditions, and the versions that satisfy them."""

from __future__ import annotations

import ast
import email
import re
from collections.abc import Mapping

PANEL = "nuke-ai-panel"
HOST_HAS = {"pyside6", "pyside6-essentials", "pyside6-addons", "shiboken6"}
"""Qt is the host's: a second copy in one process crashes it."""


def canonical(name: str) -> str:
    """One spelling for a package: PySide6_Essentials is pyside6-essentials."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements(metadata: str, variables: Mapping[str, str]) -> dict[str, str]:
    """The packages that one needs here, as canonical name to requirement without its condition; never the host's."""
    needed: dict[str, str] = {}
    for line in email.message_from_string(metadata).get_all("Requires-Dist", []):
        wanted, _, condition = str(line).partition(";")
        name = re.match(r"[\w.-]+", wanted.strip())
        if name and (not condition or applies(condition, variables)):
            needed[canonical(name[0])] = wanted.strip()
    return {name: wanted for name, wanted in needed.items() if name not in HOST_HAS}


def applies(condition: str, variables: Mapping[str, str]) -> bool:
    """Whether a requirement's condition holds. Unknown variables are empty; what cannot be read fails."""

    def value(node: ast.expr) -> str:
        if isinstance(node, ast.Constant):
            return str(node.value)
        return variables.get(ast.unparse(node), "")

    def holds(node: ast.expr) -> bool:
        if isinstance(node, ast.BoolOp):
            return (all if isinstance(node.op, ast.And) else any)(holds(part) for part in node.values)
        return isinstance(node, ast.Compare) and _compare(value(node.left), node.ops[0], value(node.comparators[0]))

    try:
        return holds(ast.parse(condition.strip(), mode="eval").body)
    except SyntaxError:
        return False


def _compare(left: str, operator: ast.cmpop, right: str) -> bool:
    if isinstance(operator, (ast.In, ast.NotIn)):
        return (left in right) is isinstance(operator, ast.In)
    if isinstance(operator, (ast.Eq, ast.NotEq)):
        return (left == right) is isinstance(operator, ast.Eq)
    one, other = _numbers(left), _numbers(right)
    less, equal = isinstance(operator, (ast.Lt, ast.LtE)), isinstance(operator, (ast.LtE, ast.GtE))
    return (equal and one == other) or (one < other if less else one > other)


def satisfies(version: str, wanted: str) -> bool:
    """Whether a version is one that a requirement such as aiohttp>=3.13.3,!=3.14.0 asks for."""
    clauses = re.findall(r"([<>=!~]=?)=?\s*([\d.]+)(\*?)", wanted.partition("@")[0])
    return all(
        _satisfies(_numbers(version), operator, _numbers(bound), bool(star)) for operator, bound, star in clauses
    )


def _satisfies(have: list[int], operator: str, bound: list[int], any_below: bool) -> bool:
    if any_below or operator == "~=":
        part = bound if any_below else bound[:-1]
        return (have[: len(part)] == part) is (operator != "!=") and (operator != "~=" or have >= bound)
    length = max(len(have), len(bound))
    have, bound = (numbers + [0] * (length - len(numbers)) for numbers in (have, bound))
    if operator in ("==", "!="):
        return (have == bound) is (operator == "==")
    return (have == bound and operator in (">=", "<=")) or (have > bound if operator[0] == ">" else have < bound)


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]
