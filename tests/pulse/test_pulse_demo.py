"""`make demo` where there is no display: the program in its window, drawn."""

import subprocess
import sys
from pathlib import Path

import pytest

from support.scripts import isolated_env

ROOT = Path(__file__).parents[2]


@pytest.mark.window
@pytest.mark.timeout(120)
@pytest.mark.long
def test_the_demo_draws_itself(home: Path) -> None:
    env = {name: value for name, value in isolated_env(home).items() if name != "DISPLAY"}
    picture = home / "demo.png"
    done = subprocess.run(
        [sys.executable, "scripts/demo.py", str(picture)],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "See it in demo.png" in done.stdout
