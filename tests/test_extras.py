"""Messages name the packages of an extra, as pyproject.toml has them: `wesktop` on PyPI is a different project."""

import re
import tomllib
from pathlib import Path

import pytest

from wesktop.extras import PACKAGES, install_command

ROOT = Path(__file__).parents[1]
DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]


def name(requirement: str) -> str:
    """The package of a requirement, without its version and marker."""
    return re.split("[>;]", requirement)[0]


def test_the_extras_are_those_of_the_project() -> None:
    assert {*PACKAGES} == {*DECLARED}


@pytest.mark.parametrize("extra", PACKAGES)
def test_an_extra_has_the_packages_that_the_project_declares(extra: str) -> None:
    assert [*map(name, PACKAGES[extra])] == [*map(name, DECLARED[extra])]
    assert {package for package in PACKAGES[extra] if ">" in package} <= {*DECLARED[extra]}


def test_a_version_is_quoted_for_the_shell() -> None:
    assert install_command("icons") == "pip install 'Pillow>=12.3'"


@pytest.mark.parametrize("folder", ["wesktop", "supervisor", "scripts", "examples", "systemd", "launchd"])
def test_no_message_installs_the_other_project(folder: str) -> None:
    for path in (ROOT / folder).rglob("*"):
        if path.is_file() and path.suffix != ".pyc" and path.name not in ("extras.py", "source.py"):
            found = re.findall(r"pip install '?wesktop\b.*|\bwesktop\[[a-z]+\]", path.read_text(errors="replace"))
            assert not found, f"{path}: {found}"
