"""Runs `wesktop.doctor.probe`, which may crash, in another process."""

import json
import os
import subprocess
import sys
from typing import Any

from wesktopd.system import signal_name

TIMEOUT = 30.0  # seconds that a toolkit may take to load


class ProbeError(Exception):
    """The process ended early. The message has how, and its last line of output; `answers` are those before."""

    def __init__(self, message: str, answers: list[dict[str, Any]]) -> None:
        super().__init__(message)
        self.answers = answers


def probe(*arguments: str, env: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """Return the answers of `python -m wesktop.doctor.probe`, a JSON object per line. Raises ProbeError."""
    # -P: import nothing from the current directory.
    command = [sys.executable, "-P", "-m", "wesktop.doctor.probe", *arguments]
    try:
        done = subprocess.run(
            command, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL, capture_output=True,
            timeout=TIMEOUT, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise ProbeError(f"it does not load within {TIMEOUT:g} seconds", _answers(error.stdout or b"")) from None
    answers = _answers(done.stdout)
    if done.returncode:
        output = done.stderr.decode(errors="replace").strip().splitlines()
        raise ProbeError(f"{_ending(done.returncode)}{f': {output[-1]}' if output else ''}", answers)
    return answers


def _answers(output: bytes) -> list[dict[str, Any]]:
    """Return the answers in the output, in which a toolkit may print lines of its own."""
    found = []
    for line in output.splitlines():
        try:
            answer = json.loads(line)
        except ValueError:
            continue
        if isinstance(answer, dict):
            found.append(answer)
    return found


def _ending(code: int) -> str:
    return f"it ends the process {f'with exit code {code}' if code >= 0 else f'by {signal_name(-code)}'}"
