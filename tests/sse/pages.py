"""Pages that are connected in memory, and what they have read."""

import asyncio
from dataclasses import dataclass

from asgi.memory import Exchange, http_scope
from wesktop.asgi import Request
from wesktop.sse import Broadcaster

REQUEST = Request(http_scope())


@dataclass
class Event:
    type: str
    data: str


def parse(stream: str) -> list[Event]:
    """The events of *stream* by the rules of WHATWG HTML, section 9.2.6."""
    events, name = [], ""
    data: list[str] = []
    for line in stream.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data:
                events.append(Event(name or "message", "\n".join(data)))
            name, data = "", []
        elif field == "event":
            name = value
        elif field == "data":
            data.append(value)
    return events


class Page:
    """A connected page, in memory."""

    def __init__(self, broadcaster: Broadcaster) -> None:
        self.exchange = Exchange(broadcaster.stream(REQUEST), http_scope())
        self.running = asyncio.create_task(self.exchange.run())

    @property
    def text(self) -> str:
        return self.exchange.answer.text

    @property
    def data(self) -> list[str]:
        return [event.data for event in parse(self.text)]

    async def leave(self) -> None:
        self.exchange.disconnect()
        await self.running
