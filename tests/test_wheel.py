"""A built wheel is complete: it installs, and runs without the checkout."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory that a wheel of this checkout was installed into, without its dependencies."""
    built, into = tmp_path_factory.mktemp("wheel"), tmp_path_factory.mktemp("installed")
    python("-m", "hatchling", "build", "-t", "wheel", "-d", str(built), cwd=ROOT)
    (wheel,) = built.glob("wesktop-*.whl")
    python("-m", "pip", "install", "-q", "--no-index", "--no-deps", "--target", str(into), str(wheel), cwd=built)
    return into


def python(*arguments: str, cwd: Path, path: Path | None = None) -> str:
    """Run this interpreter, which must succeed, with modules of `path` before all others; return its output."""
    environ = {"PYTHONPATH": str(path)} if path else {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("arguments", [("-m", "wesktop"), ("bin/wesktop",)])
def test_its_command_runs(installed: Path, arguments: tuple[str, ...]) -> None:
    assert python(*arguments, "--version", cwd=installed, path=installed).startswith("wesktop ")


def test_an_app_answers_with_it(installed: Path, tmp_path: Path) -> None:
    source = """
import wesktop, wesktopd
from wesktop.testing import TestClient
router = wesktop.Router()
router.get("/")(lambda request: "it works")
print(wesktop.__file__, wesktopd.__file__, TestClient(wesktop.create_app(router)).get("/").text)
"""
    ours, daemon, answer = python("-P", "-c", source, cwd=tmp_path, path=installed).split(maxsplit=2)
    assert Path(ours).is_relative_to(installed)
    assert Path(daemon).is_relative_to(installed)
    assert answer.strip() == "it works"


def test_it_has_the_templates_of_services(installed: Path, tmp_path: Path) -> None:
    source = "from wesktop.services.templates import template; print(template('systemd/app.service'))"
    assert "Type=notify" in python("-P", "-c", source, cwd=tmp_path, path=installed)
    for name in (*ROOT.glob("systemd/*"), *ROOT.glob("launchd/*")):
        assert (installed / "wesktop/services/templates" / name.parent.name / name.name).is_file()
