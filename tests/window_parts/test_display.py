"""Where a display is looked for, and what is said where there is none."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.ipv6 import needs_ipv6
from wesktop.window.opening.display import check_display
from wesktopd.errors import NoDisplayError


@pytest.fixture
def wayland(home: Path) -> Iterator[dict[str, str]]:
    """An environment whose compositor listens."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(home / "wayland-0"))
    listener.listen()
    with listener:
        yield {"WAYLAND_DISPLAY": "wayland-0", "XDG_RUNTIME_DIR": str(home)}


def test_a_compositor_that_answers_is_a_display(wayland: dict[str, str]) -> None:
    check_display(None, wayland)


def test_an_absolute_wayland_display_needs_no_runtime_directory(wayland: dict[str, str], home: Path) -> None:
    check_display("gtk", {"WAYLAND_DISPLAY": str(home / "wayland-0")})


def test_an_x_server_is_not_needed_beside_a_compositor(wayland: dict[str, str]) -> None:
    check_display(None, {**wayland, "DISPLAY": ":999"})


def test_a_socket_s_path_is_a_display(wayland: dict[str, str], home: Path) -> None:
    """As XQuartz sets it."""
    check_display(None, {"DISPLAY": str(home / wayland["WAYLAND_DISPLAY"])})


@pytest.mark.parametrize("display", ["localhost:{}", "127.0.0.1:{}.0", pytest.param("[::1]:{}", marks=needs_ipv6)])
def test_an_x_server_may_be_reached_by_tcp(display: str) -> None:
    host = display.rpartition(":")[0].strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as server:
        check_display(None, {"DISPLAY": display.format(server.getsockname()[1] - 6000)})


@pytest.mark.parametrize("platform", ["offscreen", "minimal", "vnc:size=800x600"])
def test_qt_may_draw_without_a_display(platform: str) -> None:
    check_display("qt", {"QT_QPA_PLATFORM": platform})
    with pytest.raises(NoDisplayError):
        check_display("gtk", {"QT_QPA_PLATFORM": platform})


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "neither WAYLAND_DISPLAY nor DISPLAY is set."),
        ({"DISPLAY": "", "WAYLAND_DISPLAY": ""}, "neither WAYLAND_DISPLAY nor DISPLAY is set."),
        ({"DISPLAY": ":999"}, "DISPLAY=':999' does not answer."),
        ({"DISPLAY": "unix:999.0"}, "DISPLAY='unix:999.0' does not answer."),
        ({"DISPLAY": "nonsense"}, "DISPLAY='nonsense' does not answer."),
        ({"DISPLAY": "host:many"}, "DISPLAY='host:many' does not answer."),
        (
            {"WAYLAND_DISPLAY": "wayland-9", "DISPLAY": ":999", "XDG_RUNTIME_DIR": "/nowhere"},
            "WAYLAND_DISPLAY='wayland-9' does not answer and DISPLAY=':999' does not answer.",
        ),
    ],
)
def test_what_was_tried_is_named(environ: dict[str, str], said: str) -> None:
    with pytest.raises(NoDisplayError) as raised:
        check_display(None, environ)
    assert raised.value.message.startswith(f"there is no display: {said} ")
    assert raised.value.message.endswith("on a virtual display with `xvfb-run -a python ...`.")
