"""Imports run one way, and are cheap: held over the import graph, and over what a fresh process has loaded."""

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = {
    ".".join(path.relative_to(base).with_suffix("").parts).removesuffix(".__init__"): path
    for base in (ROOT, ROOT / "supervisor")
    for package in ("wesktop", "wesktopd")
    for path in (base / package).rglob("*.py")
}

INNER = (ast.stmt, ast.excepthandler, ast.match_case)  # what statements can be in


def ours(module: str, *, late: bool) -> set[str]:
    """The modules of ours that `module` imports as it runs; with `late`, those inside functions too."""
    return {name for name in _imports(ast.parse(MODULES[module].read_text()).body, late) if name in MODULES}


def _imports(nodes: Iterable[ast.AST], late: bool) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif late and not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            yield from _imports([child for child in ast.iter_child_nodes(node) if isinstance(child, INNER)], late)


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def imported_by(package: str) -> set[str]:
    """What of ours the modules of `package` import from outside of it."""
    inside = [module for module in MODULES if within(module, package)]
    assert inside
    return {name for module in inside for name in ours(module, late=True) if not within(name, package)}


@pytest.mark.parametrize("package", ["wesktopd", "wesktop.asgi", "wesktop.entries"])
def test_the_lower_layers_import_nothing_of_ours(package: str) -> None:
    assert imported_by(package) == set()


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        (
            "wesktopd.wire.control_messages",
            {
                "wesktopd",
                "wesktopd.errors",
                "wesktopd.wire.message",
                "wesktopd.text",
                "wesktopd.wire.window_messages",
            },
        ),
        ("wesktopd.wire.window_messages", {"wesktopd", "wesktopd.wire.message", "wesktopd.wire.dialog_messages"}),
        ("wesktopd.wire.dialog_messages", set()),
        ("wesktopd.wire.lines", set()),
        (
            "wesktopd.control.connection",
            {
                *("wesktopd", "wesktopd.errors", "wesktopd.wire.greeting", "wesktopd.wire.lines"),
                *("wesktopd.wire.control_messages", "wesktopd.system.transport"),
            },
        ),
        ("wesktopd.wire.greeting", set()),
        (
            "wesktopd.system.transport",
            {
                *(
                    "wesktopd.system.atomic_files",
                    "wesktopd.system.forked",
                    "wesktopd.wire.greeting",
                    "wesktopd.system.lock",
                    "wesktopd.system.peers",
                ),
                "wesktopd.system.private_files",
            },
        ),
        ("wesktopd.system.forked", {"wesktopd.system.accepted_connections"}),
        ("wesktopd.system.accepted_connections", set()),
        ("wesktopd.system.private_files", set()),
        ("wesktopd.system.peers", {"wesktopd.system.private_files"}),
        ("wesktopd.workers.pool", {"wesktopd.workers.slot", "wesktopd.limits"}),
        ("wesktopd.workers.slot", set()),
        ("wesktopd.worker.drain", {"wesktopd.worker.client_text"}),
        ("wesktop.sse.wire", {"wesktop.asgi", "wesktop.asgi.codec"}),
        ("wesktop.sse.log", {"wesktop.sse.wire"}),
        ("wesktop.sse.subscriber", {"wesktop.sse.log", "wesktop.sse.wire"}),
    ],
)
def test_pure_and_light_modules_import_only_what_they_may(module: str, allowed: set[str]) -> None:
    files = {name for name in ours(module, late=True) if MODULES[name].name != "__init__.py"}
    assert files - allowed == set()


@pytest.mark.parametrize(
    ("package", "users"),
    [
        ("wesktop.cli", {"wesktop.__main__"}),
        ("wesktopd.daemon.supervisor", {"wesktopd.__main__", "wesktopd.successor", "wesktop.server"}),
        ("wesktopd.worker.__main__", set()),
    ],
)
def test_what_is_on_top_is_imported_by_nobody_else(package: str, users: set[str]) -> None:
    found = {
        module
        for module in MODULES
        if not within(module, package) and any(within(name, package) for name in ours(module, late=True))
    }
    assert found == users


@pytest.mark.parametrize("module", MODULES)
def test_no_module_is_longer_than_350_lines(module: str) -> None:
    assert len(MODULES[module].read_text().splitlines()) <= 350


def loaded(source: str) -> set[str]:
    """The modules that a fresh process has loaded after running `source`."""
    done = subprocess.run(
        [sys.executable, "-c", f"{source}\nimport sys\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


HEAVY = {"granian", "webview", "asyncio", "psutil"}


@pytest.mark.parametrize(
    ("source", "unwanted"),
    [
        ("import wesktop", {*HEAVY, "msgspec", "typing", "logging"}),
        ("import wesktop; wesktop.create_app, wesktop.run", {*HEAVY, "msgspec", "logging", "inspect"}),
        ("import wesktop; wesktop.serve", {*HEAVY, "logging"}),
        ("import wesktop.sse", {*HEAVY, "msgspec", "logging"}),
        ("import wesktopd.client", {*HEAVY, "platformdirs"}),
        ("import wesktopd.wire.lines", {*HEAVY, "msgspec", "typing", "json"}),
        ("import wesktop.cli.ctl.group, wesktop.cli.ctl.show", {*HEAVY, "msgspec"}),
        ("import wesktopd.worker.__main__", {"msgspec", "granian"}),
        ("import wesktop.window.__main__", {"msgspec", "subprocess"}),
        ("import wesktop.desktop", {*HEAVY, "msgspec", "typing", "json"}),
        ("import wesktopd.instance.instance", {*HEAVY, "logging"}),
        ("import wesktop.doctor.examine, wesktop.doctor.window", {*HEAVY, "msgspec", "click", "platformdirs"}),
        ("import wesktop.asgi", {"email", "http.client", "mimetypes", "httpx", "click"}),
    ],
)
def test_what_is_not_needed_is_not_loaded(source: str, unwanted: set[str]) -> None:
    assert loaded(source) & unwanted == set()
