"""Rooms and their order: who may import whom, in both packages; and no circle anywhere.

What counts is every import in the text: within functions and under TYPE_CHECKING as well.
"""

import ast
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = {
    ".".join(path.relative_to(base).with_suffix("").parts).removesuffix(".__init__"): path
    for base in (ROOT, ROOT / "supervisor")
    for package in ("wesktop", "wesktopd")
    for path in (base / package).rglob("*.py")
}

# What each room of wesktopd may import, beside itself. `shared` and `client` are files that lie flat.
WESKTOPD: dict[str, set[str]] = {
    "shared": {"guard", "system"},
    "wire": {"shared"},
    "system": {"shared", "wire"},
    "guard": {"shared"},
    "bus": {"shared", "wire", "system"},
    "logs": {"shared", "wire", "system"},
    "instance": {"shared", "wire", "system", "guard"},
    "worker": {"shared", "wire", "system", "guard"},
    "workers": {"shared", "wire", "system", "instance", "logs"},
    "control": {"shared", "wire", "system", "guard", "instance"},
    "client": {"shared", "wire", "system", "instance", "control"},
    "upgrade": {"shared", "wire", "system", "guard", "instance", "logs", "bus", "workers", "control"},
    "daemon": {"shared", "wire", "system", "guard", "instance", "logs", "bus", "workers", "control", "upgrade"},
    "start": {"shared", "wire", "system", "instance", "upgrade", "daemon"},
}
FLAT = {
    **dict.fromkeys(("errors", "text", "limits", "context", "target", "release", "startup_imports"), "shared"),
    **dict.fromkeys(("spec", "paths", "configs"), "shared"),
    **dict.fromkeys(("client", "daemonize", "other_users"), "client"),
    **dict.fromkeys(("__main__", "successor"), "start"),
}
# The same of wesktop.asgi; its flat files go by their own names, and `low` ones are anybody's.
ASGI: dict[str, set[str]] = {
    "low": set(),
    "http": {"low"},
    "errors": {"low", "http"},
    "transfer": {"low", "errors"},
    "routing": {"low", "http", "errors"},
    "messages": {"low", "http", "errors", "transfer", "routing"},
    "files": {"low", "http", "errors", "transfer", "routing", "messages"},
    "failures": {"low", "http", "errors", "routing", "messages"},
    "top": {"low", "http", "errors", "transfer", "routing", "messages", "files", "failures"},
}
ASGI_FLAT = {
    **dict.fromkeys(("types", "parameters", "reporting", "handlers", "codec", "limits"), "low"),
    **dict.fromkeys(("connections", "requests", "responses", "streams", "websockets", "lifespan"), "messages"),
    **dict.fromkeys(("app", "client_scripts"), "top"),
}
# Of the shared files, what the rooms below some of them may have.
LOWEST = {"errors", "text", "limits", "context", "target", "release", "startup_imports"}
BELOW = {"wire", "system", "guard"}


def room(module: str) -> str:
    """The room of a module of wesktopd."""
    first = module.split(".")[1]
    return FLAT.get(first, first)


def imported(module: str) -> Iterator[tuple[str, int]]:
    """The modules of ours that a module names in an import, each with its line."""
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [
                f"{node.module}.{alias.name}" if f"{node.module}.{alias.name}" in MODULES else node.module
                for alias in node.names
            ]
        else:
            continue
        yield from ((name, node.lineno) for name in names if name in MODULES and name != module)


GRAPH = {module: dict(imported(module)) for module in MODULES}

# What is not in order yet.
MISPLACED = {
    "wesktopd.control.commands",
    "wesktopd.upgrade.incoming",
    "wesktopd.upgrade.outgoing",
    "wesktopd.upgrade.retirement",
    "wesktopd.wire.channel",
    "wesktopd.workers.memory_limit",
}
CIRCLES = {
    *("wesktopd.control.commands", "wesktopd.daemon.presence", "wesktopd.daemon.report"),
    *("wesktopd.daemon.supervisor", "wesktopd.upgrade.incoming", "wesktopd.upgrade.outgoing"),
    *("wesktopd.upgrade.retirement", "wesktopd.workers.memory_limit"),
}


def cases(open_ones: set[str], package: str = "") -> list[object]:
    """The modules below a package, of which those that are not in order yet must still fail."""
    not_yet = pytest.mark.xfail(strict=True, reason="not in order yet")
    return [
        pytest.param(module, marks=[not_yet] if module in open_ones else [])
        for module in MODULES
        if module.startswith(package)
    ]


@pytest.mark.parametrize("module", cases(MISPLACED, "wesktopd."))
def test_a_file_of_wesktopd_imports_what_its_room_may(module: str) -> None:
    own = room(module)
    for name, line in GRAPH[module].items():
        where = f"{MODULES[module]}:{line}: {module} is in {own}"
        assert name.startswith("wesktopd"), f"{where}, which may not import {name}: wesktopd knows nothing of wesktop"
        if name == "wesktopd":
            continue
        assert room(name) in WESKTOPD[own] | {own}, f"{where}, which may not import {name}, in {room(name)}"
        if own in BELOW and room(name) == "shared":
            assert name.split(".")[1] in LOWEST, f"{where}, which may not import {name}, which is above it"


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith("wesktop.asgi.")])
def test_a_file_of_the_app_layer_imports_what_its_room_may(module: str) -> None:
    def asgi_room(name: str) -> str:
        first = name.split(".")[2]
        return ASGI_FLAT.get(first, first)

    for name, line in GRAPH[module].items():
        where = f"{MODULES[module]}:{line}: {module} is in {asgi_room(module)}"
        assert name.startswith("wesktop.asgi."), f"{where}, which may not import {name}, of ours"
        allowed = ASGI[asgi_room(module)] | {asgi_room(module)}
        assert asgi_room(name) in allowed, f"{where}, which may not import {name}, in {asgi_room(name)}"


def circle(start: str) -> list[str]:
    """A way by imports from a module back to itself; empty where there is none."""
    before: dict[str, str] = {}
    waiting = [start]
    while waiting:
        module = waiting.pop(0)
        for name in GRAPH[module]:
            if name == start:
                way = [module]
                while way[-1] != start:
                    way.append(before[way[-1]])
                return [*reversed(way), start]
            if name not in before:
                before[name] = module
                waiting.append(name)
    return []


@pytest.mark.parametrize("module", cases(CIRCLES))
def test_no_file_imports_itself_in_a_circle(module: str) -> None:
    way = circle(module)
    assert not way, "a circle of imports: " + " -> ".join(
        f"{name} (line {GRAPH[name][after]})" for name, after in itertools.pairwise(way)
    )


@pytest.mark.parametrize("package", [module for module, path in MODULES.items() if path.name == "__init__.py"])
def test_a_room_says_what_it_is_for(package: str) -> None:
    assert ast.get_docstring(ast.parse(MODULES[package].read_text()))
