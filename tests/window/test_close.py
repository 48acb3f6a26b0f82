"""Closing the window ends everything, whatever is going on."""

import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from support.session import authorization
from window.shown import Shown

pytestmark = pytest.mark.window

Show = Callable[..., Shown]


@contextlib.contextmanager
def stream_open(url: str, header: str) -> Iterator[None]:
    """Another client that reads an endless stream, and has read the first of it."""
    at = urlsplit(url)
    with socket.create_connection((at.hostname, at.port), 5) as client:
        client.sendall(f"GET /stream HTTP/1.1\r\nHost: {at.netloc}\r\n{header}\r\n\r\n".encode())
        received = b""
        while b"data: beat" not in received:
            received += client.recv(4096)
        yield


def test_closing_the_window_leaves_nothing_and_run_returns(show: Show) -> None:
    shown = show().ready()
    assert {"demo.sock", "demo.pid"} <= set(shown.remains())
    shown.close()
    shown.ended_well()


def test_closing_ends_a_stream_that_another_client_reads(show: Show) -> None:
    shown = show().ready()
    with stream_open(shown.url, *authorization(shown.home, "demo")):
        shown.close()
        shown.ended_well()


@pytest.mark.parametrize(
    "script",
    [
        "new EventSource('/stream').onmessage = () => say('beating')",
        "fetch('/slow'); setTimeout(() => say('beating'), 100)",
        "addEventListener('beforeunload', event => event.preventDefault()); say('beating')",
        "say('beating').then(() => { for (;;); })",
    ],
    ids=["event source", "slow request", "asks to stay", "busy for ever"],
)
def test_closing_is_not_kept_up_by_the_page(show: Show, script: str) -> None:
    shown = show(page=f"script={script!r}")
    shown.hear("beating")
    shown.close()
    shown.ended_well()


def test_closing_before_the_app_is_ready(show: Show) -> None:
    shown = show(page="waits='first'")
    shown.close()
    shown.ended_well()


@pytest.mark.parametrize("page", ["", "waits='first'"], ids=["page", "splash"])
def test_ctrl_c_closes_the_window_and_reaches_the_caller(show: Show, page: str) -> None:
    shown = show(page=page)
    assert shown.window
    shown.script.process.send_signal(signal.SIGINT)
    shown.gone()
    assert shown.script.wait() == -signal.SIGINT, shown.script.output
    assert shown.script.output.rstrip().endswith("KeyboardInterrupt")


@pytest.mark.parametrize("content", ["", "4194304\n"], ids=["empty", "of a process that is gone"])
def test_a_stale_pid_file_is_replaced(show: Show, home: Path, content: str) -> None:
    (home / "demo.pid").write_text(content)
    shown = show().ready()
    assert (home / "demo.pid").read_text() == f"{shown.script.find('wesktopd').pid}\n"
    shown.close()
    shown.ended_well()
