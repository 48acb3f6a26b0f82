"""Signals that end the supervisor: received from the start, acted on as soon as there is something to stop."""

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Protocol


def signal_name(number: int) -> str:
    """Return "SIGKILL", say, or "signal 40" for one without a name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def describe_exit(code: int) -> str:
    """Return an exit code of subprocess's in words."""
    return f"exit code {code}" if code >= 0 else f"killed by {signal_name(-code)}"


class Stoppable(Protocol):
    """The supervisor, as far as signals need it."""

    def request_stop(self, reason: str) -> None:
        """End gracefully."""

    def request_kill(self) -> None:
        """End immediately."""


class StopSignals:
    """Context manager: Ctrl-C, SIGTERM and SIGHUP stop gracefully, a second one immediately.

    Without effect in a thread other than the main one, which receives signals. What was ignored at the start stays
    so: SIGHUP under nohup, Ctrl-C in a background job of a script, for which it is not meant (POSIX, sh, 2.11).
    """

    def __init__(self) -> None:
        self._received: list[str] = []
        self._before: dict[signal.Signals, Any] = {}
        self._act: Callable[[], None] | None = None

    def __enter__(self) -> "StopSignals":
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                if number is signal.SIGTERM or signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def stop(self, supervisor: Stoppable, call_soon: Callable[[Callable[[], None]], Any]) -> None:
        """From now on stop `supervisor`, by way of its loop's `call_soon_threadsafe`."""

        def act() -> None:
            if len(self._received) > 1:
                supervisor.request_kill()
            else:
                supervisor.request_stop(f"on {self._received[0]}")

        self._act = lambda: call_soon(act)
        if self._received:
            self._act()

    def loop_ended(self) -> None:
        """Ignore signals from now on: the loop is closed, and the rest must not be interrupted."""
        self._act = None

    def _receive(self, number: int, _: FrameType | None) -> None:
        self._received.append(signal_name(number))
        if self._act is not None:
            self._act()
