"""Opens the demo program in a window: `scripts/demo.py [PICTURE]`.

Without a display it opens on a virtual one and draws itself to PICTURE, demo.png unless given.
"""

import contextlib
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from wesktopd import client
from wesktopd.errors import ControlError, NotRunningError

ROOT = Path(__file__).resolve().parents[1]
PICTURE = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "demo.png")
COMMAND = [sys.executable, "-m", "examples.pulse"]
SAMPLES = 12  # that the page has drawn, so that its curves can be seen
COLOURS = 200  # that a drawn page has at least; a blank one has a handful
PATIENCE = 90.0


@contextlib.contextmanager
def virtual_display() -> Iterator[dict[str, str]]:
    """An Xvfb with a window manager; the environment of what is to open on it."""
    reader, writer = os.pipe()
    screen = ["-screen", "0", "1360x880x24", "-nolisten", "tcp"]
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), *screen], pass_fds=(writer,), stderr=subprocess.DEVNULL
    )
    os.close(writer)
    with os.fdopen(reader) as lines:
        environment = {**os.environ, "DISPLAY": f":{lines.readline().strip()}"}
    quiet = subprocess.DEVNULL
    manager = subprocess.Popen(["openbox"], env=environment, stdout=quiet, stderr=quiet)
    try:
        yield environment
    finally:
        for process in (manager, server):
            process.terminate()
            process.wait()


def wait_until_drawn(program: subprocess.Popen[bytes]) -> None:
    """Follow the demo's own event stream until its page has had enough samples to draw."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and program.poll() is None:
        with contextlib.suppress(NotRunningError, ControlError, OSError):
            report = client.status("pulse")
            if report.windows:
                request = urllib.request.Request(f"{report.url}/api/events")  # noqa: S310  ours
                request.add_header("Authorization", f"Bearer {client.bearer('pulse')}")
                with urllib.request.urlopen(request, timeout=PATIENCE) as events:  # noqa: S310
                    samples = 0
                    while samples < SAMPLES:
                        samples += events.readline().startswith(b"data:")
                    return
        time.sleep(0.1)
    raise SystemExit("the demo did not open its window.")


def draw(environment: dict[str, str]) -> int:
    """Take the picture of the screen; how many colours it has."""
    subprocess.run(["import", "-window", "root", str(PICTURE)], env=environment, check=True)
    colours = subprocess.run(["identify", "-format", "%k", str(PICTURE)], check=True, capture_output=True, text=True)
    return int(colours.stdout)


def main() -> None:
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        raise SystemExit(subprocess.call(COMMAND, cwd=ROOT))
    with virtual_display() as environment:
        program = subprocess.Popen(COMMAND, cwd=ROOT, env=environment)
        try:
            wait_until_drawn(program)
            deadline = time.monotonic() + PATIENCE
            while draw(environment) < COLOURS:
                if time.monotonic() > deadline:
                    raise SystemExit(f"the demo's page stays blank; see {PICTURE}.")
                time.sleep(0.2)
        finally:
            with contextlib.suppress(NotRunningError, ControlError):
                client.stop("pulse", 10)
            program.wait()
    print(f"There is no display, so the demo ran on a virtual one. See it in {PICTURE.name}.")


if __name__ == "__main__":
    main()
