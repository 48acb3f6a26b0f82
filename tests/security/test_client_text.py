"""What a client sends acts upon no terminal and forges no line of a log, whatever is logged about it."""

import json
import logging
import re
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from support.running import COMMAND, NAME
from support.scripts import Script, free_port, isolated_env
from support.waiting import wait_for
from wesktopd.worker import client_text

EVIL = "%1b]0;t%07%0aFORGED%20one%0d%0aFORGED%c2%85FORGED%e2%80%a8FORGED%e2%80%aeFORGED%e2%81%a6%c2%9b31m%7f%08%00%ff"
SHOWN = r"\x1b]0;t\x07\nFORGED one\r\nFORGED\x85FORGED\u2028FORGED\u202eFORGED\u2066\x9b31m\x7f\x08\x00"
APP = """
import logging
import wesktop

print("\\x1b[32mgreen\\x1b[0m\\tand a tab")
router = wesktop.Router()

@router.get("/boom/{what:path}")
async def boom(request):
    what = request.path_params["what"]
    try:
        raise KeyError(what)
    except KeyError:
        raise ValueError(what + "\\nFORGED by a message\\n  File \\u202e") from None

@router.get("/group/{what:path}")
async def group(request):
    what = request.path_params["what"]
    raise ExceptionGroup(what, [ValueError(what), RuntimeError(what)])

@router.websocket("/ws/{what:path}")
async def ws(socket):
    await socket.accept()
    raise RuntimeError(socket.path_params["what"])

app = wesktop.create_app(router)

async def bare(scope, receive, send):
    if scope["type"] == "http" and scope["path"] != "/":
        raise ValueError(scope["path"])
    await app(scope, receive, send)

if __name__ == "__main__":
    wesktop.serve("talker:{target}", name="app", port={port}, access_log=True)
"""
FORBIDDEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
HANDSHAKE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {}\r\n".format(
        "AAAAAAAAAAAAAAAAAAAAAA=="
    )
)
FOREIGN = "Origin: http://evil.example\r\nSec-Fetch-Site: cross-site\r\n"


class Talker:
    """An app in the foreground, to which requests are sent; and all places where they are logged."""

    def __init__(self, script: Script, home: Path, port: int) -> None:
        self._home = home
        self._port = port
        wait_for(lambda: "serving" in script.output, lambda: script.output, 20)

    def send(self, path: str, headers: str = "", host: str = "") -> bytes:
        """Ask for a path; the beginning of the answer."""
        lines = f"GET {path} HTTP/1.1\r\nHost: {host or f'127.0.0.1:{self._port}'}\r\n{headers}\r\n"
        with socket.create_connection(("127.0.0.1", self._port), 20) as peer:
            peer.sendall(lines.encode("latin-1"))
            return peer.recv(10_000)

    def ctl(self, *arguments: str) -> str:
        """What a verb of `wesktop ctl` prints."""
        env = isolated_env(self._home)
        done = subprocess.run([COMMAND, "ctl", *arguments], env=env, capture_output=True, check=True, timeout=50)
        return done.stdout.decode()

    def shown(self, times: int) -> dict[str, str]:
        """What is shown, once it is there so often."""
        log = self._home / "state" / "wesktop" / "log" / f"{NAME}.log"

        def whole(path: Path) -> str:  # its ends of lines as they are
            return path.read_bytes().decode()

        wait_for(lambda: whole(log).count("FORGED one") >= times, lambda: whole(log))
        return {
            "terminal": whole(self._home / "talker.out"),
            "log": whole(log),
            "ctl logs": self.ctl("logs", NAME),
            "ctl events": self.ctl("events", NAME),
        }


@pytest.fixture
def talk(start_script: Callable[..., Script], home: Path) -> Callable[[str], Talker]:
    """Start it with one of its applications."""

    def start(target: str) -> Talker:
        port = free_port()
        source = APP.replace("{target}", target).replace("{port}", str(port))
        return Talker(start_script("talker", source), home, port)

    return start


def check(shown: dict[str, str]) -> None:
    """Only the app's own print() has colours, and no line begins with what a client has sent."""
    green = "\x1b[32mgreen\x1b[0m\tand a tab"
    for place in ("terminal", "log"):
        assert green in shown[place]
    for place, text in shown.items():
        others = text.replace(green, "").replace("green\tand a tab", "")  # which a pipe has without colours
        assert not FORBIDDEN.findall(others), place
        lines = [re.sub(r"^\d{4}-\S+ (\d\S+ |\d+ std\S+ )", "", line) for line in text.splitlines()]
        assert not [line for line in lines if line.startswith("FORGED")], place
    assert SHOWN in shown["terminal"]
    assert SHOWN in shown["ctl logs"]


def test_the_access_log_is_printable_also_of_what_is_refused(talk: Callable[[str], Talker]) -> None:
    talker = talk("app")
    assert b" 403 " in talker.send(f"/{EVIL}", FOREIGN)
    assert b" 404 " in talker.send(f"/{EVIL}?{EVIL}")
    assert b" 421 " in talker.send(f"/{EVIL}", host="\x9bevil.example")
    assert b" 403 " in talker.send(f"/ws/{EVIL}", HANDSHAKE + FOREIGN)
    check(talker.shown(4))
    entries = [json.loads(line) for line in talker.ctl("logs", NAME, "--json").splitlines()]
    assert len([entry for entry in entries if SHOWN in entry["text"]]) == 4


@pytest.mark.parametrize("target", ["app", "bare"])
def test_an_exception_that_quotes_a_request_forges_no_line(talk: Callable[[str], Talker], target: str) -> None:
    talker = talk(target)
    assert b" 500 " in talker.send(f"/boom/{EVIL}")
    assert b" 500 " in talker.send(f"/group/{EVIL}")
    assert b" 101 " in talker.send(f"/ws/{EVIL}", HANDSHAKE) if target == "app" else True
    check(talker.shown(4))


# Without a process.


def record(message: str, *args: object, error: BaseException | None = None) -> str:
    info = (type(error), error, error.__traceback__) if error else None
    made = logging.LogRecord("a", logging.ERROR, "f", 1, message, args, info)
    assert client_text.make_printable(made)
    return logging.Formatter("[%(levelname)s] %(message)s").format(made)


@pytest.mark.parametrize(
    ("text", "logged"),
    [
        (record("%s is gone", "a\x1b[2Jb\nFORGED"), "[ERROR] a\\x1b[2Jb\n  FORGED is gone"),
        (record("%(path)s %(status)d", {"path": "a\nb", "status": 200}), r"[ERROR] a\nb 200"),
        (
            record("plain\u202e", error=ValueError("a\nFORGED\r")),
            "[ERROR] plain\\u202e\n  ValueError: a\n  FORGED\\r",
        ),
    ],
)
def test_a_record_begins_at_the_margin_and_nothing_else_does(text: str, logged: str) -> None:
    assert text == logged


def test_a_mistake_in_a_call_is_left_to_the_handler() -> None:
    made = logging.LogRecord("a", logging.ERROR, "f", 1, "%d", ("x",), None)
    assert client_text.make_printable(made)
    assert (made.msg, made.args) == ("%d", ("x",))


@pytest.mark.parametrize(
    ("text", "fine"),
    [("plain", True), ("", True), ("it's äß", True), ("a\nb", False), ("a\x1b[2J", False), ("a\u202e", False)],
)
def test_an_exception_is_passed_on_as_it_is_where_it_is_printable(text: str, fine: bool) -> None:
    chained = RuntimeError("outer")
    chained.__cause__ = ValueError(text)
    for error in (ValueError(text), chained):
        assert client_text.is_printable(error) is fine
        shown = str(client_text.UnprintableError(error))
        assert [line for line in shown.splitlines()[1:] if not line.startswith("  ")] == []
        assert not FORBIDDEN.findall(shown)
