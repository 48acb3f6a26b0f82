"""Shortcuts and zoom, and where the zoom factor is kept."""

from pathlib import Path

import pytest

from wesktop.window.frame.behaviour import (
    BACK,
    FORWARD,
    RELOAD,
    ZOOM_IN,
    ZOOM_LEVELS,
    ZOOM_OUT,
    ZOOM_RESET,
    Behaviour,
    mouse_command,
    shortcut,
    zoomed,
)
from wesktop.window.page.zoom_store import ZoomStore


@pytest.mark.parametrize(
    ("key", "ctrl", "alt", "command"),
    [
        ("+", True, False, ZOOM_IN), ("=", True, False, ZOOM_IN), ("-", True, False, ZOOM_OUT),
        ("0", True, False, ZOOM_RESET), ("R", True, False, RELOAD), ("F5", False, False, RELOAD),
        ("Left", False, True, BACK), ("Right", False, True, FORWARD),
        ("+", False, False, None), ("+", True, True, None), ("Left", False, False, None), ("Left", True, False, None),
        ("r", False, False, None), ("", True, False, None),
    ],
)  # fmt: skip
def test_a_key_has_a_command(key: str, ctrl: bool, alt: bool, command: str | None) -> None:
    assert shortcut(key, ctrl=ctrl, alt=alt) == command


def test_the_mouse_has_buttons_for_back_and_forward() -> None:
    assert [mouse_command(button) for button in (1, 3, 8, 9)] == [None, None, BACK, FORWARD]


def test_zoom_goes_level_by_level_between_the_ends() -> None:
    factor, seen = 1.0, []
    for _ in ZOOM_LEVELS:
        factor = zoomed(factor, ZOOM_IN)
        seen.append(factor)
    assert seen[:3] == [1.1, 1.2, 1.33]
    assert seen[-1] == seen[-2] == ZOOM_LEVELS[-1]
    for _ in ZOOM_LEVELS:
        factor = zoomed(factor, ZOOM_OUT)
    assert factor == ZOOM_LEVELS[0]
    assert zoomed(factor, ZOOM_RESET) == 1.0
    assert zoomed(1.05, ZOOM_IN) == 1.1  # of another program's levels


def test_an_app_chooses_which_commands_there_are() -> None:
    assert [Behaviour().offers(command) for command in (ZOOM_IN, BACK, RELOAD)] == [True, True, False]
    assert [Behaviour(zoom=False).offers(command) for command in (ZOOM_IN, BACK)] == [False, True]
    assert Behaviour(debug=True).offers(RELOAD)


def test_the_factor_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "state" / "app.zoom"
    store = ZoomStore(path)
    assert store.factor == 1.0
    assert not path.exists()
    store.set(1.33)
    assert ZoomStore(path).factor == 1.33
    ZoomStore(None).set(2.0)


@pytest.mark.parametrize("content", ["", "large", "nan", "0", "-1", "100", "1" * 100])
def test_a_file_with_anything_else_is_ignored(tmp_path: Path, content: str) -> None:
    (tmp_path / "app.zoom").write_text(content)
    (tmp_path / "app.zoom").chmod(0o600)
    assert ZoomStore(tmp_path / "app.zoom").factor == 1.0


def test_a_disk_that_takes_nothing_keeps_the_factor_for_this_window(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("not a directory")
    store = ZoomStore(tmp_path / "state" / "app.zoom")
    store.set(2.0)
    assert store.factor == 2.0
