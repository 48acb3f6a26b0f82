"""The supervisor's targets for fuzz.py: the control socket, the event bus, and an app's config file.

Server and connections are the real ones, on a transport in memory that takes what is sent.
"""

import asyncio
import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

SECRET = "5" * 64  # none
PROOF = b"c" * 64  # that a client is asked for
HELLO = b"wesktop " + b"0" * 64
MAX_FRAME = 512  # instead of the real ones, which inputs of this size would never reach
REQUESTS = [
    b'{"type":"status","id":1}',
    b'{"type":"config"}',
    b'{"type":"stop"}',
    b'{"type":"restart","id":2}',
    b'{"type":"scale","workers":2}',
    b'{"type":"upgrade"}',
    b'{"type":"wait"}',
    b'{"type":"logs","lines":1,"since":1e9,"follow":true}',
    b'{"type":"events","follow":true}',
    b'{"type":"focus"}',
    b'{"type":"emit","event":"e","data":"d","channel":"c"}',
    b'{"type":"link","path":"/x","follow":true}',
    b'{"type":"bearer"}',
    b'{"type":"attach","kind":"window"}',
    b'{"type":"attach","kind":"window","path":"/x"}',
    b'{"type":"focused"}',
    b'{"type":"launch","arguments":["a"],"directory":"/"}',
    b'{"type":"show","launch":{"type":"launch","arguments":["a"],"directory":"/"},"shares":true}',
    b'{"type":"ask","question":{"kind":"open","types":[{"name":"A","patterns":["*"]}]}}',
    b'{"type":"ask","question":{"kind":"notice","title":"t"}}',
    b'{"type":"reply","number":1,"paths":["/a"],"accepted":true,"more":true}',
    b'{"type":"nothing","id":[[[[]]]]}',
]
JOIN = b'{"type":"join","channel":"c","max_events":10,"max_bytes":1000,"max_seconds":1.5,"after":0,"epoch":""}'
PUBLISH = b'{"type":"publish","event":"e","data":"d","origin":"o","number":1,"to":null}'
CONFIG = b"""target = "a:b"
name = "a"
working_dir = "/"
port = 1
workers = 2
drain_timeout = 1.5
import_path = ["x"]
[window]
title = "t"
[window.options]
resizable = false
"""
SEEDS = {
    # The first byte says in pieces of how many bytes the rest comes, and whether a proof is asked for.
    "control": [
        *(b"\x10" + line + b"\n" for line in REQUESTS),
        b"\x1e" + b"\n".join(REQUESTS) + b"\n",
        b"\xff" + PROOF + b"\n" + REQUESTS[0] + b"\n",
        b"\xff" + HELLO + b"\n" + REQUESTS[0] + b"\n",
        b"\x90wrong\n" + REQUESTS[0] + b"\n",
        b"\x10" + b"x" * (MAX_FRAME + 1) + b"\n",
    ],
    "bus": [
        b"\x10" + JOIN + b"\n" + PUBLISH + b"\n",
        b"\x7f" + PUBLISH + b"\n",
        b"\x7f" + JOIN + b"\n" + JOIN + b"\n",
    ],
    "config": [CONFIG, b"a = " + b"[" * 200, b"name = nan", b'"\\ud800" = 1979-05-27T07:32:00Z'],
}
WORDS = {  # what inputs are put together of, too: chance alone seldom writes a request
    "control": [
        *(line + b"\n" for line in REQUESTS),
        *(b'"id":', b'"lines":', b'"follow":true', b'"workers":', b'"kind":"caller"', b"null", b"1e999", b"\\ud800"),
        *(PROOF + b"\n", HELLO + b"\n"),
    ],
    "bus": [JOIN + b"\n", PUBLISH + b"\n", b'"number":2', b'"origin":""', b'"after":', b'"epoch":"', b"1e999"],
    "config": [line + b"\n" for line in CONFIG.splitlines()]
    + [b"one_shot = true\n", b"max_rss = inf\n", b"idle_timeout = nan\n", b"[[", b"]]", b"0x", b"1979-05-27", b'"""'],
}


class Memory(asyncio.Transport):
    """A transport without another side: takes what is sent, and reads nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = bytearray()
        self.closed = False

    def write(self, data: Any) -> None:
        """Take it."""
        if not self.closed:
            self.sent += data

    def get_write_buffer_size(self) -> int:
        """Nothing is ever read."""
        return len(self.sent)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """There are none."""

    def is_closing(self) -> bool:
        """Return whether it is closed."""
        return self.closed

    def close(self) -> None:
        """Nothing is read any more."""
        self.closed = True

    abort = close

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Its socket: one that needs no further credentials."""
        return Unconnected() if name == "socket" else default


class Unconnected:
    """Stands in for a socket other than a Unix socket."""

    family = None

    def fileno(self) -> int:
        """None: nothing can be read from it."""
        return -1


async def feed(connection: asyncio.Protocol, data: bytes) -> Memory:
    """Give a connection these bytes, in pieces, as its transport would: until it is closed."""
    made = Memory()
    connection.connection_made(made)
    size = (data[0] & 0x7F) + 1 if data else 1
    for start in range(1, len(data), size):
        if made.closed:
            break
        connection.data_received(data[start : start + size])
        await asyncio.sleep(0)
    return made


def runner(check: "Callable[[bytes], Any]") -> Callable[[bytes], None]:
    """Run a coroutine function on inputs; an exception that only the loop has seen is one, too."""
    logging.disable()
    loop = asyncio.new_event_loop()
    unseen: list[Any] = []
    loop.set_exception_handler(lambda _, context: unseen.append(context))

    def run(data: bytes) -> None:
        loop.run_until_complete(check(data))
        assert not unseen, unseen

    return run


def control() -> Callable[[bytes], None]:
    """Whatever comes over the control socket is answered in the protocol, or the connection ends."""
    from wesktopd.control.server import ControlServer
    from wesktopd.control.server_connection import ClientConnection
    from wesktopd.wire.control_messages import Report, decode_answer
    from wesktopd.wire.greeting import ServerGreeting
    from wesktopd.wire.lines import LineReader

    server = ControlServer()
    server.handler = handler(server)
    status = b'\n{"type":"status","id":77}\n'

    async def check(data: bytes) -> None:
        stranger = bool(data) and data[0] > 0x7F
        greeting = ServerGreeting(SECRET, PROOF.decode() if data[0] % 2 else None) if stranger else None
        connection = ClientConnection(server, greeting)
        connection._lines = LineReader(MAX_FRAME)
        made = await feed(connection, data)
        if not made.closed:
            connection.data_received(status)
        sent = bytes(made.sent).splitlines()
        if stranger and not (data[0] % 2 and data[1:].split(b"\n")[0].strip() == PROOF):
            assert [len(line) for line in sent] in ([], [len(PROOF) * 2 + 1]), sent  # a challenge, at most
            sent = []
        answers = [decode_answer(line) for line in sent]
        if not (made.closed or stranger):
            assert any(isinstance(answer, Report) and answer.id == 77 for answer in answers) or connection.pending
        connection.eof_received()
        connection.connection_lost(None)
        await asyncio.sleep(0)
        assert connection not in server.connections

    return runner(check)


def bus() -> Callable[[bytes], None]:
    """Any line of a process is either ordered and sent to all, or ends the connection."""
    from wesktopd.bus.event_bus import Bus, Member
    from wesktopd.wire.bus_messages import Sent, decode_from_bus
    from wesktopd.wire.lines import LineReader

    async def check(data: bytes) -> None:
        found = Bus()
        listener = Member(found)
        received = await feed(listener, b"\x7f" + JOIN + b"\n")
        member = Member(found)
        member._lines = LineReader(MAX_FRAME)
        made = await feed(member, data)
        events = [decode_from_bus(line) for line in bytes(received.sent).splitlines()]
        numbers = [event.seq for event in events if isinstance(event, Sent)]
        assert numbers == [*range(1, len(numbers) + 1)]
        for line in bytes(made.sent).splitlines():
            decode_from_bus(line)
        for ended in (member, listener):
            ended.connection_lost(None)
        assert not any(channel.members for channel in found._channels.values())

    return runner(check)


def config() -> Callable[[bytes], None]:
    """A config file is refused in a sentence, or is an app's, and comes out of a file again as it went in."""
    import tomllib  # noqa: F401  now, so that the fuzzer sees its branches

    import msgspec

    from wesktopd.configs import as_toml, parse
    from wesktopd.errors import ConfigurationError

    def check(data: bytes) -> None:
        try:
            spec = parse(data)
        except ConfigurationError:
            return
        fields = msgspec.to_builtins(spec)
        again = msgspec.to_builtins(parse(as_toml(fields).encode()))
        # As JSON, where NaN is the same as NaN, and the order of keys does not matter.
        written, before = (msgspec.json.encode(each, order="sorted") for each in (again, fields))
        assert written == before, (written, before)

    return check


class Links:
    """See wesktopd.control.login_links."""

    def follow(self, path: str) -> tuple[str, Any]:
        """See there."""
        used: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        used.set_result("opened")
        return path, used

    def bearer(self) -> str:
        """See there."""
        return "token"


class Commands:
    """See wesktopd.daemon.commands; with nothing behind it."""

    async def restart(self) -> str:
        """See there."""
        return "restarted"

    async def scale(self, workers: int) -> str:
        """See there."""
        from wesktopd.options import BY_NAME

        BY_NAME["workers"].check(workers)
        return "scaled"

    async def wait_ready(self) -> None:
        """See there."""

    async def upgrade(self) -> str:
        """See there."""
        return ""

    async def launch(self, launch: object, window: object) -> None:
        """See there."""

    async def show(self, show: object) -> Any:  # noqa: ARG002
        """Return that no window is there."""
        from wesktopd.wire.window_messages import Vacant

        return Vacant()

    async def emit(self, channel: str, event: str, data: str) -> None:
        """See there."""


class Leases:
    """See wesktopd.daemon.leases; the app is always ready."""

    def current_event(self, path: str) -> Any:  # noqa: ARG002
        """See there."""
        from wesktopd.wire.control_messages import Ready

        return Ready(url="u")

    def began(self, kind: str) -> None:
        """See there."""

    def ended(self, kind: str) -> None:
        """See there."""


def handler(server: Any) -> Any:
    """The handler of a control server's requests: the real dispatch, journal and history, without an app."""
    from wesktopd.daemon import requests
    from wesktopd.logs.history import History
    from wesktopd.logs.journal import Journal
    from wesktopd.spec import AppSpec
    from wesktopd.wire.control_messages import Report

    def report(*_: object) -> Report:
        return Report(
            name="a", target="a:b", import_path=[], url="u", pid=1, release="1", started=1.0, rss=1, cpu=1.0,
            one_shot=False, idle_timeout=None, stopping=False, restarting=False, generation=1, windows=0,
            pid_path=None, config_file=None, log_file=None, wanted=1, trouble=None, workers=[],
        )  # fmt: skip

    setattr(requests, "build_report", report)  # noqa: B010  the real one needs a whole app
    journal = Journal(None)
    journal.feed(1, "stdout", b"one\ntwo\n")
    app: Any = SimpleNamespace(
        control=server,
        links=Links(),
        spec=AppSpec(target="a:b", name="a", working_dir="/", import_path=[]),
        supervisor=SimpleNamespace(request_stop=lambda _: None),
        output=SimpleNamespace(journal=journal),
        record=SimpleNamespace(history=History()),
    )
    commands: Any = Commands()
    leases: Any = Leases()
    return requests.Requests(app, commands, leases)


TARGETS = (control, bus, config)
