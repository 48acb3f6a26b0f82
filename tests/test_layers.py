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

# What each room of wesktopd may import besides itself. `shared` and `client` are files that lie flat.
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
    "app": {"shared", "wire", "system", "guard", "instance", "logs", "bus", "workers", "control"},
    "upgrade": {"shared", "wire", "system", "guard", "instance", "logs", "bus", "workers", "control", "app"},
    "daemon": {
        *("shared", "wire", "system", "guard", "instance", "logs", "bus", "workers", "control", "app", "upgrade"),
    },
    "start": {"shared", "wire", "system", "instance", "upgrade", "daemon"},
}
FLAT = {
    **dict.fromkeys(
        ("errors", "text", "limits", "context", "target", "release", "startup_imports", "wsgi"), "shared"
    ),
    **dict.fromkeys(("options", "spec", "paths", "configs"), "shared"),
    **dict.fromkeys(("client", "daemonize", "other_users"), "client"),
    **dict.fromkeys(("__main__", "successor"), "start"),
}
# The same of wesktop: its packages and flat files. `wesktop` is the package itself, with the public names.
WESKTOP: dict[str, set[str]] = {
    **{name: set() for name in ("errors", "extras", "dialogs", "services", "launching")},
    **{name: {"extras"} for name in ("asgi", "entries", "window")},
    **{name: {"asgi", "extras"} for name in ("sse", "testing")},
    "doctor": {"extras", "services", "window"},
    "single_instance": {"services"},
    "session": {"single_instance", "window"},
    "options": {"window"},
    "target": {"options"},
    "desktop": {"launching", "options", "session", "target", "window"},
    "server": {"options", "target"},
    "cli": {"wesktop", "desktop", "options", "doctor", "entries", "extras", "server", "services", "window"},
    "__main__": {"cli"},
}
# The same of wesktop.asgi and wesktop.sse: files that lie flat are `shared` below the rooms, else `front`.
ASGI: dict[str, set[str]] = {
    "shared": {"http"},
    "http": {"shared"},
    "routing": {"shared", "http"},
    "receiving": {"shared", "http"},
    "messages": {"shared", "http", "receiving", "routing"},
    "files": {"shared", "http", "routing", "receiving", "messages"},
    "front": {"shared", "http", "routing", "receiving", "messages", "files"},
}
ASGI_FLAT = {
    **dict.fromkeys(("types", "limits", "parameters", "codec", "reporting", "errors", "timeouts"), "shared"),
    **dict.fromkeys(("signatures", "threads"), "shared"),
    **dict.fromkeys(("background", "connections", "requests", "responses", "streams"), "messages"),
}
SSE: dict[str, set[str]] = {
    "shared": set(),
    "buses": {"shared"},
    "pages": {"shared"},
    "front": {"shared", "buses", "pages"},
}
SSE_FLAT = {
    **dict.fromkeys(("event_format", "parameters"), "shared"),
    **dict.fromkeys(("log", "subscriber", "stream"), "pages"),
}
# The same of wesktop.window. `spec` is what its process is given; `top` is what starts it.
WINDOW: dict[str, set[str]] = {
    "policy": set(),
    "frame": set(),
    "dialogs": set(),
    "low": set(),
    "toolkit": {"policy", "frame", "dialogs"},
    "page": {"low", "policy", "frame", "dialogs", "toolkit"},
    "link": {"low", "policy", "page"},
    "gtk": {"low", "policy", "frame", "dialogs", "toolkit"},
    "qt": {"low", "policy", "frame", "dialogs", "toolkit"},
    "opening": {"low", "policy", "frame"},
    "top": {"low", "policy", "frame", "dialogs", "toolkit", "page", "link", "gtk", "qt"},
}
WINDOW_FLAT = {**dict.fromkeys(("spec", "backends", "backlog", "creation"), "low"), "__main__": "top"}
# The same of wesktop.cli, wesktop.services, wesktop.entries and wesktop.doctor.
CLI: dict[str, set[str]] = {
    "shared": set(),
    "ctl": {"shared"},
    "commands": {"shared"},
    "top": {"shared", "commands", "ctl"},
}
CLI_FLAT = {
    **dict.fromkeys(("render", "output", "lazy", "options", "starting"), "shared"),
    **dict.fromkeys(("run", "serve", "service", "entries", "doctor"), "commands"),
    **dict.fromkeys(("main", "exit_codes"), "top"),
}
SERVICES: dict[str, set[str]] = {
    "shared": set(),
    "formats": {"shared"},
    "steps": {"shared"},
    "managers": {"shared", "formats", "steps"},
    "this_system": {"shared", "steps", "managers"},
}
SERVICES_FLAT = {
    **dict.fromkeys(("places", "service"), "shared"),
    **dict.fromkeys(("templates", "quoting", "units", "property_list"), "formats"),
    **dict.fromkeys(("manager", "leftover_files", "untrusted_directory"), "steps"),
    **dict.fromkeys(("systemd", "launchd"), "managers"),
}
ENTRIES: dict[str, set[str]] = {
    "shared": set(),
    "installing": {"shared"},
    **{name: {"shared"} for name in ("linux", "macos", "windows")},
}
ENTRIES_FLAT = dict.fromkeys(
    ("changes", "entry", "file_types", "icons", "names", "ownership", "plan", "records"), "shared"
)
DOCTOR: dict[str, set[str]] = {
    "shared": set(),
    "checks": {"shared"},
    "examine": {"shared"},
    "__main__": {"examine"},
}
DOCTOR_FLAT = {
    **dict.fromkeys(("finding", "child", "probe", "source"), "shared"),
    **dict.fromkeys(("directories", "python", "running", "window"), "checks"),
}
# Of the shared files, what the rooms below some of them may have.
LOWEST = {"errors", "text", "limits", "context", "target", "release", "startup_imports"}
BELOW = {"wire", "system", "guard"}

# What a package may import from outside of itself.
AROUND = {
    "wesktop.asgi": {"wesktop.extras"},
    "wesktop.entries": {"wesktop.extras"},
    "wesktop.sse": {"wesktop.asgi", "wesktop.extras", "wesktopd.wire", "wesktopd.bus", "wesktopd.context"},
    "wesktop.testing": {"wesktop.asgi", "wesktop.extras", "wesktopd.wire"},
}


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


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith("wesktopd.")])
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


@pytest.mark.parametrize(
    ("package", "rooms", "flat"),
    [
        ("wesktop", WESKTOP, {}),
        ("wesktop.asgi", ASGI, ASGI_FLAT),
        ("wesktop.sse", SSE, SSE_FLAT),
        ("wesktop.window", WINDOW, WINDOW_FLAT),
        ("wesktop.cli", CLI, CLI_FLAT),
        ("wesktop.services", SERVICES, SERVICES_FLAT),
        ("wesktop.entries", ENTRIES, ENTRIES_FLAT),
        ("wesktop.doctor", DOCTOR, DOCTOR_FLAT),
    ],
)
def test_a_file_of_wesktop_imports_what_its_room_may(
    package: str, rooms: dict[str, set[str]], flat: dict[str, str]
) -> None:
    def room_of(name: str) -> str:
        first = name.removeprefix(f"{package}.").split(".")[0]
        return flat.get(first, first if first in rooms or "front" not in rooms else "front")

    for module in (module for module in MODULES if module.startswith(f"{package}.")):
        own = room_of(module)
        for name, line in GRAPH[module].items():
            if name == package or name.startswith(f"{package}."):
                where = f"{MODULES[module]}:{line}: {module} is in {own}"
                assert room_of(name) in rooms[own] | {own}, (
                    f"{where}, which may not import {name}, in {room_of(name)}"
                )


@pytest.mark.parametrize("package", AROUND)
def test_a_package_imports_only_what_is_below_it(package: str) -> None:
    inside = [module for module in MODULES if f"{module}.".startswith(f"{package}.")]
    assert inside
    for module in inside:
        for name, line in GRAPH[module].items():
            allowed = any(f"{name}.".startswith(f"{below}.") for below in AROUND[package] | {package})
            assert allowed, f"{MODULES[module]}:{line}: {module} may not import {name}"


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        ("wesktopd.wire.lines", set()),
        ("wesktopd.wire.dialog_messages", set()),
        ("wesktopd.workers.slot", set()),
        ("wesktopd.workers.pool", {"wesktopd.workers.slot"}),
        ("wesktop.sse.event_format", {"wesktop.asgi.codec"}),
        ("wesktop.sse.log", {"wesktop.sse.event_format"}),
        ("wesktop.sse.subscriber", {"wesktop.sse.log", "wesktop.sse.event_format"}),
    ],
)
def test_a_pure_core_imports_no_shell(module: str, allowed: set[str]) -> None:
    assert {*GRAPH[module]} - allowed == set()


@pytest.mark.parametrize(
    ("top", "users"),
    [
        ("wesktop.cli", {"wesktop.__main__"}),
        ("wesktopd.daemon.supervisor", {"wesktopd.__main__", "wesktopd.successor", "wesktop.server"}),
        ("wesktopd.worker.__main__", set()),
    ],
)
def test_what_is_on_top_is_imported_by_what_starts_it_alone(top: str, users: set[str]) -> None:
    def within(name: str) -> bool:
        return name == top or name.startswith(f"{top}.")

    assert {module for module in MODULES if not within(module) and any(map(within, GRAPH[module]))} == users


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


@pytest.mark.parametrize("module", MODULES)
def test_no_file_imports_itself_in_a_circle(module: str) -> None:
    way = circle(module)
    assert not way, "a circle of imports: " + " -> ".join(
        f"{name} (line {GRAPH[name][after]})" for name, after in itertools.pairwise(way)
    )


@pytest.mark.parametrize("package", [module for module, path in MODULES.items() if path.name == "__init__.py"])
def test_a_room_says_what_it_is_for(package: str) -> None:
    assert ast.get_docstring(ast.parse(MODULES[package].read_text()))
