"""What may depend on the operating system: the room `system` of wesktopd, and a few files of wesktop."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import wesktopd.system as contract

ROOT = Path(__file__).parents[1]
SYSTEM = ROOT / "supervisor/wesktopd/system"

MODULES = {"fcntl", "grp", "msvcrt", "pty", "pwd", "resource", "termios", "tty", "winreg"}
NAMES = {
    "sys.platform",
    "os.name",
    *(
        "os.dup2",
        "os.geteuid",
        "os.getuid",
        "os.fork",
        "os.pidfd_open",
        "os.setsid",
        "os.kill",
        "os.killpg",
        "os.waitpid",
        "os.register_at_fork",
    ),
    *("socket.AF_UNIX", "socket.SCM_RIGHTS", "socket.SO_PEERCRED", "socket.send_fds", "socket.recv_fds"),
    *("signal.SIGHUP", "signal.SIGKILL", "signal.SIGQUIT", "signal.SIGCHLD", "signal.SIGPIPE", "signal.SIGUSR1"),
    *("signal.SIGUSR2", "signal.SIGSTOP", "signal.SIGCONT", "signal.pthread_sigmask"),
}

# What of wesktop depends on the system, and why.
WESKTOP = {
    "asgi/files/opening.py": "a file is opened by descriptor or by handle",
    "cli/ctl/browser.py": "how a browser is started",
    "cli/exit_codes.py": "standard output that is closed gets another descriptor's place",
    "cli/service.py": "systemd's options or launchd's",
    "cli/ctl/top.py": "single keys of a terminal",
    "doctor/directories.py": "what is checked differs by system",
    "doctor/running.py": "what is checked differs by system",
    "doctor/window.py": "what is checked differs by system",
    "entries/ownership.py": "only root can be led astray by links of another user",
    "entries/__init__.py": "one implementation a system",
    "entries/windows/user_classes.py": "the registry of Windows",
    "entries/windows/platform.py": "the registry of Windows",
    "services/launchd.py": "a user's domain of launchd has the user ID",
    "services/systemd.py": "a user's runtime directory has the user ID",
    "services/this_system.py": "one implementation a system",
    "sse/broadcaster.py": "a forked child has none of its threads",
    "sse/buses/supervisor_bus.py": "the bus has a Unix socket",
    "window/dialogs/dialog.py": "names the system in an error",
    "window/backends.py": "one toolkit a system",
    "window/toolkit.py": "notifications by a script of the system",
    "window/opening/display.py": "only X11 and Wayland have displays that may be missing",
    "window/qt/page_replacement.py": "how a process is killed",
}


def uses(path: Path) -> Iterator[tuple[int, str]]:
    """The names in a file that belong to one system, each with its line; what stands in texts does not count."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            names = {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
            yield from ((node.lineno, name) for name in sorted(names & (MODULES | NAMES)))
        elif isinstance(node, ast.Attribute) and ast.unparse(node) in NAMES:
            yield node.lineno, ast.unparse(node)
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and node.value.startswith(("/proc/", "/dev/fd"))
        ):
            yield node.lineno, node.value


def imports_of_an_implementation(path: Path) -> Iterator[tuple[int, str]]:
    """The imports of a file that name the implementation instead of the contract."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names]
            yield from ((node.lineno, name) for name in names if name.startswith("wesktopd.system.posix"))


def found(paths: Iterator[Path], what: str = "uses") -> list[str]:
    search = uses if what == "uses" else imports_of_an_implementation
    return [f"{path.relative_to(ROOT)}:{line}: {name}" for path in paths for line, name in search(path)]


def outside() -> Iterator[Path]:
    """The files of wesktopd that are not in its room `system`."""
    return (path for path in sorted((ROOT / "supervisor/wesktopd").rglob("*.py")) if SYSTEM not in path.parents)


def test_only_the_room_system_depends_on_the_system() -> None:
    assert found(outside()) == []


def test_only_the_room_system_imports_an_implementation() -> None:
    everywhere = [*outside(), *sorted((ROOT / "wesktop").rglob("*.py"))]
    assert found(iter(everywhere), "imports") == []


def test_of_wesktop_only_the_listed_files_depend_on_the_system() -> None:
    paths = sorted((ROOT / "wesktop").rglob("*.py"))
    depending = {path for path in paths if any(uses(path))}
    listed = {ROOT / "wesktop" / name for name in WESKTOP}
    assert found(iter(sorted(depending - listed))) == []
    assert sorted(str(path) for path in listed - depending) == [], "these no longer have to be listed"


@pytest.mark.parametrize("name", sorted({*contract._HOMES, *contract._MODULES}))
def test_every_name_of_the_contract_is_implemented_and_documented(name: str) -> None:
    value = getattr(contract, name)
    assert isinstance(value, int | str | tuple) or value.__doc__
    assert f"`{name}`" in (contract.__doc__ or "") or isinstance(value, int)


def test_the_contract_has_no_other_names() -> None:
    with pytest.raises(AttributeError, match="nothing_like_it"):
        contract.nothing_like_it  # noqa: B018


def test_type_checkers_know_the_names_of_the_contract() -> None:
    block = next(node for node in ast.parse((SYSTEM / "__init__.py").read_text()).body if isinstance(node, ast.If))
    known = {alias.asname for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert known == {*contract._HOMES, *contract._MODULES}
