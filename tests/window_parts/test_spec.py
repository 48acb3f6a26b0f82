"""How a window may be asked for, and what its process is told."""

import inspect
from pathlib import Path
from typing import Any

import pytest
import webview

from wesktop.window.opening.options import (
    _OURS,
    check_background,
    check_icon,
    check_options,
    check_question,
    check_size,
)
from wesktop.window.spec import WindowSpec
from wesktopd.errors import ConfigurationError
from wesktopd.wire.worker_messages import decode, encode


@pytest.mark.parametrize("size", [100, 1280, 16384])
def test_a_size_that_can_be_shown_passes(size: int) -> None:
    check_size(size, size)


@pytest.mark.parametrize("size", [99, 0, -1, 16385, 10**9, True, 640.0, "640", None, float("nan")])
def test_any_other_size_is_refused_by_name(size: object) -> None:
    for option, arguments in (("width", (size, 300)), ("height", (300, size))):
        with pytest.raises(ConfigurationError) as raised:
            check_size(*arguments)
        assert option in raised.value.message
        assert repr(size) in raised.value.message


@pytest.mark.parametrize(("given", "colour"), [("#1e2227", "#1e2227"), ("#FFF", "#ffffff"), ("#aBc", "#aabbcc")])
def test_a_colour_is_normalized(given: str, colour: str) -> None:
    assert check_background(given) == colour


@pytest.mark.parametrize("given", ["red", "fff", "#ff", "#ffff", "#fffffg", "##fff", "", "#12345678", None, 0xFFFFFF])
def test_what_is_no_colour_is_refused(given: object) -> None:
    with pytest.raises(ConfigurationError) as raised:
        check_background(given)
    assert f"background {given!r} is not a colour" in raised.value.message


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n",
        b"\0\0\1\0\1\0",
        b"\xff\xd8\xff\xe0",
        b"<svg/>",
        b'\n <?xml version="1.0"?>',
        b"<!-- --><svg>",
    ],
)
def test_an_image_is_an_icon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    (tmp_path / "icon").write_bytes(content)
    monkeypatch.chdir(tmp_path)
    assert check_icon("icon") == str(tmp_path / "icon")


@pytest.mark.parametrize("content", [b"", b"\x89PN", b"#!/bin/sh", b"PNG", bytes(64)])
def test_anything_else_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "icon").write_bytes(content)
    with pytest.raises(ConfigurationError, match="image"):
        check_icon(tmp_path / "icon")


def test_no_icon_is_fine() -> None:
    assert check_icon(None) is None


def test_window_options_are_those_of_pywebview() -> None:
    options = {"resizable": False, "min_size": [300, 200], "x": 10}
    assert check_options(options) == options


@pytest.mark.parametrize(
    "options",
    [
        {"x": -100, "y": None},
        {"min_size": (0, 0)},
        {"localization": None},
        {"localization": {}},
        {"localization": {"global.ok": "Ja"}},
        {"fullscreen": True, "on_top": False},
    ],
)
def test_a_value_as_pywebview_documents_it_passes(options: dict[str, Any]) -> None:
    assert check_options(options) == options


def test_every_option_of_pywebview_has_its_type_checked() -> None:
    known = set(inspect.signature(webview.create_window).parameters) - _OURS
    for option in known:
        with pytest.raises(ConfigurationError, match=f"window option '{option}' .*'no'"):
            check_options({option: "no"})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"resizeable": False}, "window option 'resizeable' is unknown: pywebview has "),
        ({"url": "/"}, "window option 'url' is unknown: pywebview has "),
        ({"js_api": object()}, "window option 'js_api' is unknown: pywebview has "),
        ({"screen": 0}, "window option 'screen' is unknown: pywebview has "),
        ({"x": object()}, "window option 'x' must be"),
        ({"x": 2**15}, "window option 'x' must be"),
        ({"y": True}, "window option 'y' must be"),
        ({"y": 1.5}, "window option 'y' must be"),
        ({"min_size": 5}, "window option 'min_size' must be"),
        ({"min_size": [5]}, "window option 'min_size' must be"),
        ({"min_size": [5, -1]}, "window option 'min_size' must be"),
        ({"min_size": "ab"}, "window option 'min_size' must be"),
        ({"min_size": None}, "window option 'min_size' must be"),
        ({"resizable": "no"}, "window option 'resizable' 'no' is neither True nor False."),
        ({"hidden": 1}, "window option 'hidden' 1 is neither True nor False."),
        ({"frameless": None}, "window option 'frameless' None is neither True nor False."),
        ({"localization": []}, "window option 'localization' must be"),
        ({"localization": {"global.ok": 1}}, "window option 'localization' must be"),
    ],
)
def test_any_other_window_option_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        check_options(options)
    assert raised.value.message.startswith(message)


def test_a_spec_reaches_the_window_s_process_as_it_is() -> None:
    spec = WindowSpec(
        app_id="demo",
        title='"\n\N{SNOWMAN}',
        width=400,
        height=300,
        background="#000000",
        storage="/s",
        options={"x": 1},
    )
    assert decode(encode(spec), WindowSpec) == spec


@pytest.mark.parametrize("options", [[1], "x", {"min_size": {100, 200}}])
def test_what_is_no_set_of_options_is_refused(options: Any) -> None:
    with pytest.raises(ConfigurationError):
        check_options(options)


@pytest.mark.parametrize("icon", [5, "a\0b"])
def test_what_is_no_path_is_no_icon(icon: Any) -> None:
    with pytest.raises(ConfigurationError, match="is not a path"):
        check_icon(icon)


@pytest.mark.parametrize(
    ("given", "question"),
    [(False, None), (True, "Close My App?"), ("Really?", "Really?"), ("50 % {done}", "50 % {done}")],
)
def test_the_question_before_closing_names_the_app_or_is_given(given: object, question: str | None) -> None:
    assert check_question(given, "My App") == question


@pytest.mark.parametrize("given", ["", "  ", None, 1, ["Really?"]])
def test_what_is_no_question_is_refused(given: object) -> None:
    with pytest.raises(ConfigurationError) as raised:
        check_question(given, "My App")
    assert "confirm_close" in raised.value.message
    assert repr(given) in raised.value.message
