"""The session of a real app: who gets in, for how long, and where its secrets are never seen."""

import asyncio
import concurrent.futures
import contextlib
import os
import re
import socket
import stat
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from security.guarded import HOSTS
from support.chromium import CHROMIUM
from support.running import COMMAND, NAME, Running, Start
from support.scripts import Script, free_port
from support.session import own_address
from support.systemd import socket_activate
from support.waiting import wait_for
from wesktopd.worker.token_client import TokenClient

SEEN = """
@router.get("/seen")
async def seen(request):
    open("seen", "a").write(request.scope["query_string"].decode() + "\\n")
    return wesktop.HTMLResponse("<p>seen</p>")
"""


def exchange(app: Running, *lines: str, method: str = "GET", target: str = "/") -> tuple[int, str]:
    """The status and all that was answered; a Host is added unless there is one."""
    hosted = any(line.lower().startswith("host:") for line in lines)
    host = [] if hosted else [f"Host: 127.0.0.1:{app.port}"]
    head = "\r\n".join([f"{method} {target} HTTP/1.1", *host, *lines, "Connection: close", "", ""])
    with socket.create_connection(("127.0.0.1", app.port), 20) as connection:
        connection.sendall(head.encode("latin-1"))
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode("latin-1")
    return int(answer.split(" ", 2)[1]), answer


def link(app: Running) -> str:
    """The target of a fresh link."""
    return app.ctl("open", NAME, "--print-link").strip().removeprefix(app.url)


def let_in(app: Running) -> str:
    """A header that has the session's cookie."""
    status, answer = exchange(app, target=link(app))
    assert status == 303, answer
    found = re.search(r"set-cookie: ([^;]+); Path=/; HttpOnly; SameSite=Strict\r\n", answer)
    assert found, answer
    return f"Cookie: {found[1]}"


SOCKET = ("Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")


def socket_status(app: Running, *lines: str, host: str | None = None) -> int:
    """The status of a WebSocket's handshake."""
    named = f"127.0.0.1:{app.port}" if host is None else host
    head = ["GET /socket HTTP/1.1", f"Host: {named}", *SOCKET, "Connection: Upgrade", *lines, "", ""]
    with socket.create_connection(("127.0.0.1", app.port), 20) as connection:
        connection.sendall("\r\n".join(head).encode())
        return int(connection.recv(1000).split(b" ")[1])


def test_over_the_wire_only_the_servers_own_names_are_answered(start_app: Start) -> None:
    app = start_app()
    for host, known in HOSTS.items():
        if host is None or host != host.strip():  # a server takes the spaces off
            continue
        here = host.replace("8000", str(app.port))
        status, answer = exchange(app, f"Host: {here}")
        assert status == (200 if known else 421), answer
        if here.isascii():
            assert socket_status(app, host=here) == (101 if known else 421), here


def test_a_missing_or_second_host_is_refused_and_a_targets_does_not_count(start_app: Start) -> None:
    app = start_app()
    own = f"127.0.0.1:{app.port}"
    with socket.create_connection(("127.0.0.1", app.port), 20) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert b" 421 " in connection.recv(100)
    assert exchange(app, f"Host: {own}", "Host: evil.example")[0] in (400, 421)
    assert exchange(app, "Host: evil.example", f"Host: {own}")[0] in (400, 421)
    assert exchange(app, "Host: evil.example", target=f"http://{own}/")[0] == 421


@pytest.mark.parametrize("path", ["/", "/stream", "/nowhere", "/_wesktop/events.js", "/seen?token=x"])
def test_every_path_needs_the_session(start_app: Start, path: str) -> None:
    app = start_app("--session", more=SEEN)
    status, answer = exchange(app, target=path)
    assert status == 401
    assert f"wesktop ctl open {NAME} --browser" in answer
    assert socket_status(app) == 401
    assert not (app.home / "seen").exists()


def test_a_link_lets_one_in_and_the_cookie_the_same_one_from_then_on(start_app: Start) -> None:
    app = start_app("--session", "--workers", "2", more=SEEN)
    target = link(app)
    assert exchange(app, target=target)[0] == 303
    assert exchange(app, target=target)[0] == 401
    cookie = let_in(app)
    assert exchange(app, cookie, target="/seen")[0] == 200
    assert socket_status(app, cookie) == 101
    assert exchange(app, "Cookie: " + cookie.partition("=")[0].removeprefix("Cookie: ") + "=" + "0" * 64)[0] == 401


def test_of_two_who_bring_one_token_at_once_one_wins(start_app: Start) -> None:
    app = start_app("--session", "--workers", "2")
    for _ in range(5):
        target = link(app)
        ready = threading.Barrier(8)

        def bring(ready: threading.Barrier = ready, target: str = target) -> int:
            ready.wait(20)
            return exchange(app, target=target)[0]

        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            statuses = [future.result() for future in [threads.submit(bring) for _ in range(8)]]
        assert sorted(statuses) == [303, *[401] * 7]


def test_a_session_outlives_workers_and_an_upgrade_and_ends_with_the_supervisor(start_app: Start) -> None:
    app = start_app("--session")
    cookie, token = let_in(app), app.ctl("token").strip()
    app.ctl("restart")
    assert exchange(app, cookie)[0] == 200
    psutil.Process(app.settled()["workers"][0]["pid"]).kill()
    wait_for(lambda: app.version(cookie) == "one", "the next worker")
    pending = link(app)
    app.ctl("upgrade")
    assert exchange(app, target=pending)[0] == 303
    assert exchange(app, target=pending)[0] == 401
    assert exchange(app, cookie)[0] == 200
    assert exchange(app, f"Authorization: Bearer {token}")[0] == 200
    assert app.ctl("token").strip() == token
    app.ctl("stop")
    app.ctl("start", NAME)
    assert exchange(app, cookie)[0] == 401
    assert exchange(app, f"Authorization: Bearer {token}")[0] == 401
    assert exchange(app, let_in(app))[0] == 200


def test_another_apps_cookie_is_worth_nothing(start_app: Start) -> None:
    app = start_app("--session")
    cookie = let_in(app)
    done = app.command("serve", "app:app", "--name", "other", "--port", "0", "--detach", "--session")
    assert done.returncode == 0, done.stderr
    other = Running(app.home, int(re.findall(r":(\d+);", done.stdout)[0]))
    assert exchange(other, cookie)[0] == 401
    assert exchange(other, cookie.replace(f"-{NAME}-{app.port}=", f"-other-{other.port}="))[0] == 401


def test_without_a_session_there_is_no_token_and_the_link_is_the_address(start_app: Start) -> None:
    app = start_app()
    assert app.ctl("open", "--print-link").strip() == f"{own_address(app.home, NAME, app.url)}/"
    refused = app.command("ctl", "token")
    assert refused.returncode == 2
    assert refused.stderr == f"wesktop: {NAME!r} has no session: scripts get in without a token.\n"


def test_no_secret_is_seen_where_others_look(start_app: Start) -> None:
    app = start_app("--session", "--access-log", more=SEEN)
    target = link(app)
    cookie, bearer = let_in(app), app.ctl("token", "--json").split('"token": "')[1].split('"')[0]
    exchange(app, target=target)  # burns it
    exchange(app, target="/_wesktop/open?token=" + "f" * 64)
    exchange(app, cookie, target="/seen")
    pending = link(app)
    secrets = [target.partition("=")[2], pending.partition("=")[2], cookie.rpartition("=")[2], bearer]
    assert all(len(secret) == 64 for secret in secrets)
    shown = {
        "status": app.ctl("status", "--json") + app.ctl("status"),
        "config": app.ctl("config") + app.ctl("config", "--json"),
        "logs": app.ctl("logs", "-n", "10000"),
        "events": app.ctl("events", "--json"),
        "list": app.ctl("list", "--json"),
        "argv": "\n".join(" ".join(process.cmdline()) for process in app.processes()),
        "environment": "\n".join(str(process.environ()) for process in app.processes()),
    }
    for file in app.home.rglob("*"):
        if stat.S_ISREG(file.lstat().st_mode):
            shown[str(file)] = file.read_text(errors="replace")
    for place, text in shown.items():
        assert not [secret for secret in secrets if secret in text], place


SERVED = """
import asyncio
import wesktop

router = wesktop.Router()

@router.get("/late")
async def late(request):
    asyncio.get_running_loop().call_soon(lambda: 1 / 0)
    raise RuntimeError(request.path)

app = wesktop.create_app(router)

if __name__ == "__main__":
    wesktop.serve("served:app", name="app", port={port}, session=True, access_log=True)
"""


@pytest.mark.parametrize("control", ["unix", "tcp"])
def test_no_secret_is_seen_of_a_program_that_serves_whatever_goes_wrong(
    start_script: Callable[..., Script], home: Path, control: str
) -> None:
    app = Running(home, free_port())
    app.env["WESKTOP_CONTROL"] = control
    variables = {"WESKTOP_CONTROL": control, "PYTHONASYNCIODEBUG": "1"}
    script = start_script("served", SERVED.replace("{port}", str(app.port)), **variables)
    wait_for(lambda: "serving" in script.output, lambda: script.output)
    cookie, pending = let_in(app), link(app)
    exchange(app, target=f"{pending}&to=//evil")
    exchange(app, cookie, target="/late")
    app.ctl("token")
    wait_for(lambda: "ZeroDivisionError" in script.output, lambda: script.output)
    for process in script.tree():
        shown = " ".join([*process.cmdline(), *process.environ().values()])
        assert not re.search(r"[0-9a-f]{64}", shown)
    script.process.terminate()
    assert script.wait() == 0
    assert not re.search(r"[0-9a-f]{64}|token=", script.output)


BROWSER = """#!/bin/sh
echo "$1" > "$HOME/argument"
exec {command} --user-data-dir="$HOME/profile" --remote-debugging-port=0 "$1" >/dev/null 2>&1
"""


@pytest.mark.browser
def test_a_browser_is_let_in_without_a_secret_in_its_arguments(start_app: Start) -> None:
    app = start_app("--session", more=SEEN)
    script = app.home / "browser"
    script.write_text(BROWSER.format(command=" ".join(CHROMIUM)))
    script.chmod(0o700)
    app.env["BROWSER"] = f"{script} %s &"
    opening = app.begin("ctl", "open", NAME, "--browser", "--path", "/seen?a=1")
    found: set[str] = set()

    def look() -> bool:
        for process in app.processes():
            try:
                found.add(" ".join(process.cmdline()))
            except psutil.Error:
                continue
        return opening.poll() is not None

    wait_for(look, "the browser to be let in", 40)
    assert opening.returncode == 0
    seen = app.home / "seen"
    wait_for(lambda: seen.exists() and seen.read_text(), "the page", 20)
    assert seen.read_text() == "a=1\n"
    argument = (app.home / "argument").read_text().strip()
    assert argument.startswith("file://")
    assert not Path(argument.removeprefix("file://")).exists()
    assert not [line for line in found if "_wesktop/open" in line or "token=" in line]


@pytest.mark.parametrize(
    ("arguments", "browser", "code", "message"),
    [
        ([], "/bin/false", 1, "no browser was found: set BROWSER"),
        ([], "/nosuch", 1, "BROWSER '/nosuch' cannot be run: set it to"),
        (["--path", "//evil.example"], "/bin/true", 2, "path must be"),
        (["--path", "evil"], "/bin/true", 2, "path must be"),
        (["--path", "/a/../b"], "/bin/true", 2, "path must be"),
        (["--path", "/a b"], "/bin/true", 2, "quote spaces and what is not ASCII, as in '/a%20b'"),
        (["--path", "/" + "a" * 1024], "/bin/true", 2, "a path of 1025 characters is too long for a link"),
        (["--print-link"], "/bin/true", 2, "--browser and --print-link exclude each other"),
    ],
)
def test_what_keeps_a_browser_out_is_one_line(
    start_app: Start, arguments: list[str], browser: str, code: int, message: str
) -> None:
    app = start_app("--session")
    app.env["BROWSER"] = browser
    done = app.command("ctl", "open", NAME, "--browser", *arguments)
    assert (done.returncode, done.stderr.count("\n")) == (code, 1)
    assert message in done.stderr
    assert [*app.home.rglob("*open-*")] == []


def test_the_longest_path_is_led_to(start_app: Start) -> None:
    app = start_app("--session")
    path = "/" + "%41?&=" * 170
    target = app.ctl("open", NAME, "--print-link", "--path", path).strip().removeprefix(app.url)
    status, answer = exchange(app, target=target)
    assert status == 303
    assert f"location: {path}\r\n" in answer


@pytest.mark.parametrize("verb", ["stop", "upgrade"])
def test_a_browser_that_came_too_late_is_not_said_to_have_been_let_in(start_app: Start, verb: str) -> None:
    app = start_app("--session")
    (app.home / "browser").write_text(f'#!/bin/sh\ncp "${{1#file://}}" {app.home}/page.html\nwesktop ctl {verb}\n')
    (app.home / "browser").chmod(0o700)
    done = app.shell(f"BROWSER={app.home}/browser wesktop ctl open --browser")
    assert done.returncode == 1, done
    assert done.stderr == f"wesktop: {NAME!r} was stopped or upgraded before anybody had opened it.\n"
    page = (app.home / "page.html").read_text()
    assert re.search(r'<a href="http://[^"]+/_wesktop/open[?]token=[0-9a-f]{64}">', page), (
        "for who follows no refresh"
    )


@pytest.mark.parametrize("token", ["", "x", "a" * 63, "a" * 65, "\xe9" * 64, "%F0%9F%98%80" * 64, "a" * 4000])
def test_the_supervisor_is_not_asked_about_what_is_no_token(token: str) -> None:
    here, there = socket.socketpair()
    with here, there:
        assert asyncio.run(TokenClient(here).redeem(token)) is False
        there.setblocking(False)
        with pytest.raises(BlockingIOError):
            there.recv(1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--host", "0.0.0.0"],
            "host '0.0.0.0' lets other machines in: give 127.0.0.1, or allow it",
        ),
        (
            ["--host", "0.0.0.0"],
            "(allow_remote=True or --allow-remote) and ask for a session (session=True or --session).",
        ),
        (
            ["--host", "::", "--session"],
            "host '::' lets other machines in: give 127.0.0.1, or allow it",
        ),
        (["--host", "0.0.0.0", "--allow-remote"], "without authentication: ask for a session (session="),
        (["--host", "nosuch.invalid"], "host 'nosuch.invalid' is not an address of this machine: "),
        (["--host", "nosuch.invalid", "--allow-remote"], "host 'nosuch.invalid' is not an address of this machine: "),
        (["--allowed-host", "http://x"], "allowed host 'http://x' is not a name"),
        (["--allowed-origin", "x"], "allowed origin 'x' is not an origin"),
        (["--csp", "a\nb"], "csp must be"),
    ],
)
def test_what_is_not_safe_is_refused_in_a_sentence(home: Path, arguments: list[str], message: str) -> None:
    app = Running(home, 0)
    app.write("one")
    done = app.command("serve", "app:app", "--port", "0", *arguments)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert message in done.stderr


def test_other_machines_get_in_by_this_ones_names_and_a_token(start_app: Start) -> None:
    app = start_app("--host", "0.0.0.0", "--allow-remote", "--session", "--allowed-host", "app.example")
    bearer = f"Authorization: Bearer {app.ctl('token').strip()}"
    for name in ("127.0.0.1", socket.gethostname(), "app.example"):
        assert exchange(app, f"Host: {name}:{app.port}", bearer)[0] == 200, name
        assert exchange(app, f"Host: {name}:{app.port}")[0] == 401, name
    assert exchange(app, f"Host: evil.example:{app.port}", bearer)[0] == 421


@pytest.mark.skipif(os.getuid() != 0, reason="another user's process can be started by root alone")
def test_another_user_of_the_machine_is_not_let_in(start_app: Start) -> None:
    app = start_app("--session")
    done = subprocess.run(
        ["/usr/bin/python3", "-c", f"import urllib.request; urllib.request.urlopen({app.url!r})"],
        capture_output=True, text=True, user=65534, group=65534, extra_groups=[], timeout=30, check=False, cwd="/",
    )  # fmt: skip
    assert "401" in done.stderr


def test_a_socket_that_the_service_manager_has_opened_to_others_has_to_be_meant(home: Path) -> None:
    app = Running(home, free_port())
    app.write("one")
    activate = socket_activate(f"0.0.0.0:{app.port}", app.env)
    command = [*activate, COMMAND, "serve", "app:app", "--port", str(app.port)]
    with subprocess.Popen(command, cwd=home, env=app.env, stderr=subprocess.PIPE, text=True) as activated:
        assert activated.stderr is not None
        wait_for(lambda: connects(app.port), "the socket")  # by which it is started
        assert "host '0.0.0.0' lets other machines in" in activated.stderr.read()
    assert activated.returncode == 2


def connects(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 20):
        return True
    return False
