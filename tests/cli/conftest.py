"""Fixtures of the tests of `wesktop ctl`, on apps that run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.running import Start, starter


@pytest.fixture
def start(home: Path) -> Iterator[Start]:
    """Start an app in the background; it ends with the test."""
    with starter(home) as start_it:
        yield start_it
