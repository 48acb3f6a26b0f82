"""ASGI servers by their own commands, granian among them, for what is to run under any."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from support.scripts import answers, free_port
from support.waiting import wait_for

TESTS = Path(__file__).parents[1]
SERVERS = {
    "granian": ["-m", "granian", "--interface", "asgi", "--port", "{port}", "--log-level", "warning"],
    "uvicorn": ["-m", "uvicorn", "--port", "{port}", "--log-level", "warning", "--timeout-graceful-shutdown", "3"],
    "hypercorn": ["-m", "hypercorn", "--bind", "127.0.0.1:{port}", "--graceful-timeout", "3"],
}


@contextlib.contextmanager
def serving(server: str, root: Path, source: str) -> Iterator[str]:
    """The URL at which one of `SERVERS` serves `app` of a module of this source, in which PORT is known."""
    port = free_port()
    (root / "made.py").write_text(f"PORT = {port}\n{source}")
    command = [sys.executable, *(word.format(port=port) for word in SERVERS[server]), "made:app"]
    env = {**os.environ, "PYTHONPATH": f"{root}:{TESTS}"}
    with (root / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=root, env=env, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: answers(url) or process.poll() is not None, "the server")
        assert process.poll() is None, (root / "log").read_text()
        yield url
    finally:
        process.terminate()
        try:
            process.wait(20)
        finally:
            process.kill()
