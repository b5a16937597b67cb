"""What ruff cannot see: calls by attribute that belong to one owner, and `yield` where a cancel would go astray."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("panel", "ui", "providers", "resources", "installing")

OWNERS = {
    "create_task": set[str](),
    "exec": {"panel/loop/panel_loop.py"},
    "exec_": set[str](),
    "processEvents": set[str](),
    "run_forever": {"panel/loop/panel_loop.py"},
    "run_until_complete": {"panel/cli/terminal.py", "panel/loop/panel_loop.py", "panel/window.py"},
}
"""Attribute to the files that may use it. A `create_task` of an `asyncio.TaskGroup` is everybody's."""

TASK_MAKER = "panel/tasks/scope.py"

CONTEXT_MANAGERS = {"asynccontextmanager", "contextlib.asynccontextmanager"}

FILES = [*sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")), *sorted(ROOT.glob("*.py"))]


def foreign_attributes(tree: ast.AST, file: str) -> Iterator[str]:
    groups = set(_task_groups(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and file not in OWNERS.get(node.attr, {file}):
            if not (node.attr == "create_task" and ast.unparse(node.value) in groups):
                yield f"line {node.lineno}: .{node.attr}"


def ownerless_tasks(tree: ast.AST, file: str) -> Iterator[str]:
    """`asyncio.Task(...)` makes one as `create_task` does. As a type it is everybody's."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "Task" and file != TASK_MAKER:
            yield f"line {node.lineno}: Task(...)"


def _task_groups(tree: ast.AST) -> Iterator[str]:
    """Names bound by `async with asyncio.TaskGroup() as name`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncWith):
            for item in node.items:
                if ast.unparse(item.context_expr).endswith("TaskGroup()") and item.optional_vars:
                    yield ast.unparse(item.optional_vars)


def stray_yields(tree: ast.AST) -> Iterator[str]:
    """A consumer that leaves such a generator closes it from another task: cancel scopes break, sessions leak."""
    for function in ast.walk(tree):
        if isinstance(function, ast.AsyncFunctionDef):
            if not CONTEXT_MANAGERS & {ast.unparse(decorator) for decorator in function.decorator_list}:
                for block in _own_nodes(function):
                    if isinstance(block, ast.AsyncWith):
                        lines = {node.lineno for node in _own_nodes(block) if isinstance(node, ast.Yield)}
                        yield from (f"line {line}: yield inside async with" for line in sorted(lines))


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Everything inside, but not inside functions defined there."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from _own_nodes(child)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_product_keeps_to_the_owners(path: Path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    file = path.relative_to(ROOT).as_posix()
    assert [*foreign_attributes(tree, file), *ownerless_tasks(tree, file), *stray_yields(tree)] == []


@pytest.mark.parametrize(
    "source",
    [
        "loop.create_task(work())",
        "hand_over(loop.create_task)",
        "dialog.exec()",
        "QApplication.processEvents()",
        "loop.run_until_complete(work())",
        "async def f():\n async with asyncio.timeout(1) as group:\n  group.create_task(work())",
    ],
)
def test_a_foreign_attribute_is_found(source: str):
    assert len(list(foreign_attributes(ast.parse(source), "panel/chat.py"))) == 1


@pytest.mark.parametrize("source", ["asyncio.Task(work())", "Task(work(), loop=loop)", "asyncio.tasks.Task(work())"])
def test_a_task_without_an_owner_is_found(source: str):
    assert list(ownerless_tasks(ast.parse(source), "panel/chat.py")) == ["line 1: Task(...)"]
    assert list(ownerless_tasks(ast.parse("def f(task: asyncio.Task[int]): ..."), "panel/chat.py")) == []


@pytest.mark.parametrize("block", ["asyncio.timeout(1)", "asyncio.TaskGroup() as group", "session.get(url) as reply"])
def test_a_stray_yield_is_found(block: str):
    source = f"async def f():\n async with {block}:\n  for line in lines:\n   yield line"
    assert list(stray_yields(ast.parse(source))) == ["line 4: yield inside async with"]


@pytest.mark.parametrize(
    "source",
    [
        "async def f():\n async with asyncio.TaskGroup() as group:\n  group.create_task(work())",
        "@asynccontextmanager\nasync def f():\n async with session.get(url) as reply:\n  yield reply",
        "async def f():\n async with lock:\n  await work()\n yield 1",
        "async def f():\n async with lock:\n  def g():\n   yield 1",
        "def f():\n with lock:\n  yield 1",
        "exec('1')",
    ],
)
def test_what_is_allowed_is_left_alone(source: str):
    tree = ast.parse(source)
    assert [*foreign_attributes(tree, "panel/chat.py"), *stray_yields(tree)] == []
