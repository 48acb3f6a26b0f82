"""Where the page lies by which the browser is let in: where one in a sandbox can read it, and nobody else."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from support.modes import mode
from support.users import OTHER, needs_root
from wesktop.cli.ctl.browser import _show, make_page


@pytest.fixture
def home_dir(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory that is not hidden, with a runtime directory beside it."""
    (home / "run").mkdir(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "run"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    path = home / "me"
    path.mkdir()
    monkeypatch.setenv("HOME", str(path))
    return path


def missing(home: Path) -> None:
    home.rmdir()


def no_directory(home: Path) -> None:
    home.rmdir()
    home.touch()


def foreign(home: Path) -> None:
    os.chown(home, OTHER, OTHER)


def test_it_lies_in_the_downloads_for_this_user_alone(home_dir: Path) -> None:
    (home_dir / "Downloads").mkdir()
    _, page = make_page()
    assert page.parent == home_dir / "Downloads"
    assert not page.name.startswith(".")
    assert page.suffix == ".html"
    assert mode(page) == 0o600


def test_it_lies_in_the_directory_that_the_user_has_for_downloads(
    home_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DOWNLOAD_DIR", str(home_dir / "Laste ned"))
    (home_dir / "Laste ned").mkdir()
    assert make_page()[1].parent == home_dir / "Laste ned"


def test_it_lies_in_the_home_directory_where_there_are_no_downloads(home_dir: Path) -> None:
    _, page = make_page()
    assert page.parent == home_dir
    assert not page.name.startswith(".")
    assert mode(page) == 0o600


def test_who_can_write_in_the_directory_does_not_get_the_link(
    home_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fd, page = make_page()
    page.unlink()
    page.symlink_to(tmp_path / "his")
    (tmp_path / "his").touch()
    monkeypatch.setattr("webbrowser.open", lambda _: True)
    _show(fd, page, "http://127.0.0.1/?token=secret")
    assert (tmp_path / "his").read_text() == ""
    assert b"token=secret" in os.pread(fd, 1000, 0)
    os.close(fd)


@pytest.mark.parametrize("spoil", [missing, no_directory, pytest.param(foreign, marks=needs_root)])
def test_it_lies_in_the_runtime_directory_where_there_is_no_home(
    home_dir: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(home_dir)
    assert make_page()[1].parent == home_dir.parent / "run" / "wesktop"
