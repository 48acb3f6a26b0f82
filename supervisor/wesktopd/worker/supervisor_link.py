"""A worker's side of the channel to its supervisor."""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from wesktopd.system import Gate, read_lines, send_message
from wesktopd.wire.worker_messages import (
    TO_WORKER,
    Accept,
    Redeemed,
    Retire,
    StartRequest,
    Stop,
    StoppedAccepting,
    decode,
)
from wesktopd.worker.second_launch import StartRequests
from wesktopd.worker.token_client import TokenClient

ORPHAN_TIMEOUT = 0.7  # seconds that a worker may take to end, once the supervisor has died
ORPHANED = 4  # exit code of a worker that has not ended in that time

logger = logging.getLogger("wesktopd")


@dataclass(frozen=True)
class Ending:
    """The way a worker ends. within: seconds it may take; None for drain_timeout.

    retires: it has stopped accepting, and answers what it has accepted. Else it stops, and nothing takes its place.
    """

    within: float | None = None
    retires: bool = False


class SupervisorLink:
    """Reads the supervisor's messages, and notices its exit, whatever the app is doing: no worker outlives it.

    In a thread, since an app may block while it is imported, or block its loop indefinitely.
    """

    def __init__(self, channel: socket.socket, listener: socket.socket) -> None:
        self.channel = channel
        self.token_client = TokenClient(channel)
        self.start_requests = StartRequests(channel)
        self.on_stop: Callable[[Ending], None] | None = None
        self.may_accept = False
        self.on_accept: Callable[[], object] = lambda: None
        self.gate = Gate(listener)
        self._lines = read_lines(channel)
        threading.Thread(target=self._wait, name="link", daemon=True).start()

    def _receive(self) -> Stop | Retire | None:
        """Return the next `Stop` or `Retire`, None at the channel's end; dispatch the messages that come before."""
        for line in self._lines:
            try:
                message = decode(line, *TO_WORKER)
                if isinstance(message, Stop | Retire):
                    return message
                if isinstance(message, Redeemed):
                    self.token_client.received(message)
                elif isinstance(message, Accept):
                    self.may_accept = True
                    self.on_accept()
                elif isinstance(message, StartRequest):
                    self.start_requests.received(message)
            except Exception:  # not a message, or no thread for it: go on with what follows
                logging.getLogger("wesktop").exception("a message of the supervisor is lost")
        return None

    def _wait(self) -> None:
        try:
            self._end(self._receive())
            time.sleep(ORPHAN_TIMEOUT)
        except BaseException:
            logger.exception("a worker that cannot read its supervisor's messages exits")
        finally:  # whatever has gone wrong
            os._exit(ORPHANED)

    def _end(self, order: Stop | Retire | None) -> None:
        if self.on_stop is None:
            os._exit(0)  # the app is still being imported: there is nothing to finish
        if isinstance(order, Stop):
            self.on_stop(Ending())
        else:
            self.shut_gate()
            send_message(self.channel, StoppedAccepting())
            self.on_stop(Ending(None if order else ORPHAN_TIMEOUT, retires=True))
        if order:
            self._receive()
            self.on_stop(Ending(ORPHAN_TIMEOUT))

    def shut_gate(self) -> None:
        """Have the server stop accepting."""
        try:
            self.gate.shut()
        except OSError:  # no port is free, for example: the worker ends all the same
            logger.exception("a worker that ends could not stop accepting")
