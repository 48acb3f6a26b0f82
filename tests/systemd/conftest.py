"""Fixtures of the tests under a real systemd."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.systemd import Service, available, service
from systemd.installed import Installed


@pytest.fixture
def app(home: Path) -> Iterator[Service]:
    """An app that systemd is to run; its units are written by `install`."""
    if not available():
        pytest.skip("needs systemd and util-linux")
    with service(home) as made:
        yield made


@pytest.fixture
def installed(app: Service) -> Installed:
    return Installed(app)
