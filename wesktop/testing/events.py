"""Server-sent events as a client reads them (WHATWG HTML, section 9.2.6)."""

import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import msgspec

from wesktop.testing.connection import AppConnection
from wesktopd.wire.lines import LineReader


@dataclass(frozen=True)
class Event:
    """An event as EventSource would dispatch it. event: its type; id: the last one that was sent so far."""

    event: str
    data: str
    id: str = ""

    @property
    def json(self) -> Any:
        """The data, decoded from JSON. Raises ValueError if it is not JSON."""
        return msgspec.json.decode(self.data)


class EventParser:
    """Parses the bytes of a stream into events. retry: the last reconnection time of the stream, in milliseconds."""

    def __init__(self) -> None:
        self.retry: int | None = None
        self._lines = LineReader(sys.maxsize)  # of the tester's own app
        self._after_cr = False
        self._first = True
        self._id = self._last_id = ""
        self._type = ""
        self._data: list[str] = []

    @property
    def last_id(self) -> str:
        """The `Last-Event-ID` that a client sends when it reconnects."""
        return self._last_id

    def feed(self, chunk: bytes) -> list[Event]:
        """Return the events completed by *chunk*."""
        if not chunk:
            return []
        ends_with_cr = chunk.endswith(b"\r")
        if self._after_cr:
            chunk = chunk.removeprefix(b"\n")  # the second half of a CRLF, whose line has ended
        self._after_cr = ends_with_cr
        lines = self._lines.feed(chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
        return [event for line in lines if (event := self._line(line.decode(errors="replace"))) is not None]

    def _line(self, line: str) -> Event | None:
        if not line:
            return self._dispatch()
        if self._first:
            self._first, line = False, line.removeprefix("\ufeff")
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
        elif field == "event":
            self._type = value
        elif field == "id" and "\0" not in value:
            self._id = value
        elif field == "retry" and value.isascii() and value.isdecimal():
            self.retry = int(value)
        return None

    def _dispatch(self) -> Event | None:
        data, kind = self._data, self._type
        self._last_id = self._id
        self._data, self._type = [], ""
        return Event(kind or "message", "\n".join(data), self._id) if data else None


class EventStream:
    """The events of a response; an async iterator, which ends with it."""

    def __init__(self, connection: AppConnection) -> None:
        self._connection = connection
        self._parser = EventParser()
        self._waiting: list[Event] = []
        self._ended = False
        self.status = 0
        self.headers: dict[str, str] = {}

    async def begin(self) -> list[tuple[bytes, bytes]]:
        """Wait for the response's start. Return its headers; raise RuntimeError unless it is an event stream."""
        message = await self._connection.receive()
        if message is None:
            raise RuntimeError("the app has returned without a response")
        self.status = message["status"]
        self.headers = {name.decode().lower(): value.decode("latin-1") for name, value in message["headers"]}
        if self.status != 200 or not self.headers.get("content-type", "").startswith("text/event-stream"):
            kind = self.headers.get("content-type", "without a content type")
            raise RuntimeError(f"the response must be an event stream, not {self.status} {kind}")
        return list(message["headers"])

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        while not self._waiting:
            if self._ended or (message := await self._connection.receive()) is None:
                raise StopAsyncIteration
            self._ended = not message.get("more_body", False)
            self._waiting = self._parser.feed(message.get("body", b""))
        return self._waiting.pop(0)
