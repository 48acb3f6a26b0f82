"""The sandboxes withhold what they say, and leave an app what it needs."""

import dataclasses
import os
import re
from pathlib import Path

import pytest

from support.systemd import Service
from wesktop.services.units import render

ROOT = Path(__file__).parents[2]

TRIES = r"""
import ctypes, subprocess

def attempt(do):
    try:
        do()
    except OSError as error:
        return error.strerror
    return "done"

def write(path):
    Path(path).write_text("x")
    Path(path).unlink()

@router.get("/tries")
async def tries(request):
    import psutil, tempfile, threading
    lines = Path("/proc/self/status").read_text().splitlines()
    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    libc = ctypes.CDLL(None, use_errno=True)

    def unshare():
        if libc.unshare(0x10000000):  # CLONE_NEWUSER
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    return {
        "own directory": attempt(lambda: write("written")),
        "home": attempt(lambda: write(os.path.expanduser("~/written"))),
        "temporary file": attempt(lambda: tempfile.TemporaryFile().close()),
        "program": subprocess.run(["sh", "-c", "echo $((6 * 7))"], capture_output=True, text=True).stdout.strip(),
        "thread": attempt(lambda: threading.Thread(target=print).start()),
        "address": attempt(lambda: __import__("socket").getaddrinfo("localhost", 80)),
        "processes": len(psutil.pids()) > 1,
        "interfaces": sorted(psutil.net_if_addrs())[:1] != [],
        "system": attempt(lambda: write("/usr/written")),
        "namespace": attempt(unshare),
        "packets": attempt(lambda: __import__("socket").socket(__import__("socket").AF_PACKET)),
        "privileges": status["NoNewPrivs"].strip(),
        "capabilities": status["CapBnd"].strip(),
    }
"""
NEEDED = {
    "own directory": "done",
    "home": "done",
    "temporary file": "done",
    "program": "42",
    "thread": "done",
    "address": "done",
    "processes": True,
    "interfaces": True,
}
WITHHELD = {
    "namespace": "Operation not permitted",
    "packets": "Address family not supported by protocol",
    "privileges": "1",
}


def test_a_users_service_has_what_it_needs_and_no_more(app: Service) -> None:
    app.install(0, more=TRIES)
    app.manager.systemctl("start", app.unit)
    tried = app.get("/tries")
    expected = {**NEEDED, **WITHHELD}
    assert {name: tried[name] for name in expected} == expected


def test_without_the_sandbox_nothing_is_withheld(app: Service) -> None:
    app.write("one", TRIES)
    (text,) = render(app.described(sandbox=False)).values()
    (app.manager.units / app.unit).write_text(text)
    app.manager.systemctl("daemon-reload")
    app.manager.systemctl("start", app.unit)
    assert app.get("/tries")["privileges"] == "0"


@pytest.mark.skipif(os.geteuid() != 0, reason="a user's manager may not set up the machine's sandbox")
@pytest.mark.parametrize("port", ["high", "low"])
def test_a_service_of_the_machine_likewise(app: Service, port: str) -> None:
    app.write("one", TRIES)
    given = app.described(system=True, user="root")
    (text,) = render(given).values()
    if port == "low":  # what is written for such a port; it is served on another
        low = "".join(render(dataclasses.replace(given, port=80)).values())
        capabilities = re.findall(r"^\w*Capabilit\w*=.*\n", low, re.MULTILINE)
        assert len(capabilities) == 2
        text = re.sub(r"^CapabilityBoundingSet=.*\n", "".join(capabilities), text, flags=re.MULTILINE)
    # The manager is a user's, of root: it has no other users, and directories of its own.
    text = re.sub(r"^(User|RuntimeDirectory|StateDirectory|Environment=XDG_\w+)=.*\n", "", text, flags=re.MULTILINE)
    # The app is in /tmp, and this checkout may be.
    shown = f"PrivateTmp=yes\nBindPaths={app.home}\nBindReadOnlyPaths={ROOT}\n"
    text = text.replace("PrivateTmp=no\n", shown)
    text = re.sub(r"^ProtectKernel\w+=.*\n", "", text, flags=re.MULTILINE)  # for which a container's /proc is no good
    (app.manager.units / app.unit).write_text(text)
    app.manager.systemctl("daemon-reload")
    app.manager.systemctl("start", app.unit)
    tried = app.get("/tries")
    expected = {**NEEDED, **WITHHELD, "system": "Read-only file system"}
    expected["capabilities"] = f"{1 << 10:016x}" if port == "low" else "0" * 16  # CAP_NET_BIND_SERVICE is 10
    assert {name: tried[name] for name in expected} == expected
