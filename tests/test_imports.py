"""Files are short, and imports are cheap: held over what a fresh process has loaded."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = {
    ".".join(path.relative_to(base).with_suffix("").parts).removesuffix(".__init__"): path
    for base in (ROOT, ROOT / "supervisor")
    for package in ("wesktop", "wesktopd")
    for path in (base / package).rglob("*.py")
}


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
