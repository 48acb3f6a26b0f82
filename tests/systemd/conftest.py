"""Fixtures of the tests under a real systemd."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.systemd import Service, available, service


@pytest.fixture
def app(home: Path) -> Iterator[Service]:
    """An app that systemd is to run; its units are written by `install`."""
    if not available():
        pytest.skip("needs systemd and util-linux")
    with service(home) as made:
        yield made


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One after the other, by --dist loadgroup: the managers of tests side by side share a control group."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("systemd"))
