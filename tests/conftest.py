"""Fixtures for the whole suite."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from support.running import Start, starter
from support.scripts import Script, scratch_home, script_starter
from support.surroundings import compile_ours, leave

TESTS = Path(__file__).parent

leave()
# How long an example takes is the machine's affair; and a checkout may be read-only.
settings.register_profile("any machine", deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_configure(config: pytest.Config) -> None:
    """Compile what all test processes share, before there are any."""
    if not hasattr(config, "workerinput"):
        compile_ours()


def pytest_collection_finish() -> None:
    """Keep no bytecode of what tests write and import, see support.surroundings."""
    sys.dont_write_bytecode = True


MARKED_BY_FIXTURE = {"start_app": "app", "start_script": "app", "idle_app": "app"}
MARKED_BY_FOLDER = {"systemd": "systemd", "lifecycle": "app", "serve": "app"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what they use, as far as they do not say so themselves; put those that take long first."""
    for item in items:
        marks = {MARKED_BY_FIXTURE.get(name) for name in getattr(item, "fixturenames", ())}
        marks.add(MARKED_BY_FOLDER.get(item.path.relative_to(TESTS).parts[0]))
        for mark in marks - {None}:
            item.add_marker(str(mark))
    items.sort(key=lambda item: item.get_closest_marker("long") is None)  # and at random otherwise, as they are


@pytest.fixture
def home() -> Iterator[Path]:
    """A scratch home directory."""
    with scratch_home() as made:
        yield made


@pytest.fixture
def start_script(home: Path) -> Iterator[Callable[..., Script]]:
    """Start a script from its source in an environment of its own; everything that it started ends with the test."""
    with script_starter(home) as start:
        yield start


@pytest.fixture
def start_app(home: Path) -> Iterator[Start]:
    """Start an app in the background, as `wesktop serve --detach` does; it ends with the test."""
    with starter(home) as start:
        yield start
