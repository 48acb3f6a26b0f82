"""A real browser: Chromium, headless."""

import contextlib
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

CHROMIUM = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync"]  # fmt: skip

Browse = Callable[[str], None]


@contextlib.contextmanager
def browser(profile: Path, *options: str) -> Iterator[Browse]:
    """Opens URLs in Chromium, each in a process of its own on the same profile, until the end."""
    opened: list[subprocess.Popen[bytes]] = []

    def open_page(url: str) -> None:
        command = [*CHROMIUM, "--remote-debugging-port=0", f"--user-data-dir={profile}", *options, url]
        opened.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    yield open_page
    for process in opened:
        process.kill()
        process.wait()


def dump_page(profile: Path, url: str, *options: str) -> str:
    """The page as Chromium has it after a while."""
    command = [*CHROMIUM, f"--user-data-dir={profile}", *options, "--dump-dom", url]
    return subprocess.run(command, capture_output=True, text=True, timeout=50, check=True).stdout
