"""Imports follow the journey of a line: no wrong arrow, no circle, no hidden import."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "logwatch_mx"
MIDDLE = {
    "sources",
    "grammar",
    "rulebook",
    "detect",
    "confirm",
    "respond",
    "notify",
    "report",
    "state",
    "mta",
}
GROUND = {"errors", "model"}
ALLOWED = {
    "errors": set(),
    "model": {"model"},
    "config": GROUND | {"config"},
    **{room: GROUND | {"config", room} for room in MIDDLE},
    "app": GROUND | {"config", "app"} | MIDDLE,
    "cli": GROUND | {"config", "app", "cli"} | MIDDLE,
    "__main__": {"cli"},
    "__init__": set(),
}
FILES = sorted(ROOT.rglob("*.py"))


def module_of(path):
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides its arrow"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(module):
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_arrows_point_down(path):
    room = room_of(module_of(path))
    for name in imports_of(path):
        if name.startswith("logwatch_mx."):
            assert room_of(name) in ALLOWED[room], f"{room} may not import {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_import_hides_behind_type_checking(path):
    assert "TYPE_CHECKING" not in path.read_text()


def test_imports_make_no_circle():
    known = {module_of(p) for p in FILES}
    graph = {module_of(p): {n for n in imports_of(p) if n in known} for p in FILES}
    done, path = set(), []

    def visit(module):
        assert module not in path, " -> ".join([*path[path.index(module) :], module])
        if module not in done:
            path.append(module)
            for other in sorted(graph[module] - {module}):
                visit(other)
            path.pop()
            done.add(module)

    for module in sorted(graph):
        visit(module)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_init_files_stay_empty(path):
    if path.name == "__init__.py" and path.parent != ROOT:
        assert path.read_text() == ""
