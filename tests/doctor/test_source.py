"""Where the doctor says that wesktop can be installed from."""

import importlib.metadata
import json
from pathlib import Path
from typing import Any

import pytest

from wesktop.doctor.source import UNKNOWN, install_source


class Installed:
    """A distribution with a direct_url.json, or without one."""

    def __init__(self, recorded: str | None) -> None:
        self._recorded = recorded

    def read_text(self, _: str) -> str | None:
        return self._recorded


def use(monkeypatch: pytest.MonkeyPatch, recorded: str | None) -> None:
    monkeypatch.setattr(importlib.metadata, "distribution", lambda _: Installed(recorded))


def test_a_checkout_is_named_by_its_directory() -> None:
    assert install_source() == str(Path(__file__).parents[2])


def test_a_wheel_is_named_by_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = tmp_path / "my wheels" / "wesktop.whl"
    wheel.parent.mkdir()
    wheel.touch()
    use(monkeypatch, json.dumps({"url": wheel.as_uri(), "archive_info": {}}))
    assert install_source(tmp_path / "site-packages" / "wesktop") == f"'{wheel}'"


@pytest.mark.parametrize(
    "recorded", [None, "{}", "no JSON", '{"url": "file:///gone/wesktop.whl"}', '{"url": "https://x.example/w.whl"}']
)
def test_a_source_that_is_not_here_is_a_placeholder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recorded: Any
) -> None:
    use(monkeypatch, recorded)
    assert install_source(tmp_path / "wesktop") == UNKNOWN
