"""docs/existing-apps.md: apps of other frameworks are served, with their static files."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.scripts import answers, end_all, free_port, isolated_env
from support.waiting import wait_for

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / "examples" / "existing"
PAGE = (ROOT / "docs" / "existing-apps.md").read_text(encoding="utf-8")
COMMAND = str(Path(sys.executable).with_name("wesktop"))

Serve = Callable[[str], str]


@pytest.fixture
def serve(home: Path) -> Iterator[Serve]:
    """Serve a target of a copy of the programs; its URL."""

    def begin(target: str) -> str:
        shutil.copytree(PROGRAMS, home, dirs_exist_ok=True)
        port = free_port()
        command = [COMMAND, "serve", target, "--port", str(port), "--name", "existing", "--detach"]
        done = subprocess.run(
            command, cwd=home, env=isolated_env(home), capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return f"http://127.0.0.1:{port}"

    yield begin
    end_all(home)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("flask_app:asgi", b"Hello from Flask"),
        ("fastapi_app:app", b"Hello from FastAPI"),
        ("django_app:app", b"Hello from Django"),
    ],
)
def test_an_app_of_another_framework_is_served_with_its_static_files(serve: Serve, target: str, words: bytes) -> None:
    url = serve(target)
    assert words in wait_for(lambda: answers(f"{url}/"), "the page")
    assert b"font-family" in wait_for(lambda: answers(f"{url}/static/style.css"), "the style")


def test_the_documentation_of_an_api_is_there(serve: Serve) -> None:
    url = serve("fastapi_app:app")
    assert b"swagger" in wait_for(lambda: answers(f"{url}/docs"), "the page")
    assert b'"/notes/{number}"' in wait_for(lambda: answers(f"{url}/openapi.json"), "the schema")


def test_the_programs_of_the_page_are_those_that_are_tested() -> None:
    programs = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert sorted(programs) == sorted(path.read_text(encoding="utf-8") for path in PROGRAMS.glob("*.py"))
