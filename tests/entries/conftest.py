"""A home of its own for every test: nothing is made on the desktop of whoever runs them."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

Tree = dict[str, tuple[int, bytes | str | None]]


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("XDG_")]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    return home


@pytest.fixture
def tree(own_home: Path) -> Callable[[], Tree]:
    """All that is in the home: modes, and what files hold."""

    def look() -> Tree:
        return {
            str(path.relative_to(own_home)): (stat.S_IMODE(path.lstat().st_mode), _content(path))
            for path in own_home.rglob("*")
        }

    return look


def _content(path: Path) -> bytes | str | None:
    if path.is_symlink():
        return str(path.readlink())
    return path.read_bytes() if path.is_file() else None
