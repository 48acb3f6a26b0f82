"""Where the app is looked for, and what it shares with its caller: directory, path, output."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support.scripts import Script, answers, free_port, get, write_script
from support.waiting import wait_for

# Answers with its module, its working directory, and the entry of `sys.path` that it was found by.
APP = """
import json, os, sys
async def app(scope, receive, send):
    if scope["type"] == "http":
        body = json.dumps([__name__, os.getcwd(), sys.path[0]]).encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})
"""

EXEC = """
import os, sys
os.execv(sys.executable, [sys.executable, {arguments}])
"""

Start = Callable[..., Script]


def served(script: Script, port: int) -> list[str]:
    """What the app above answers."""
    url = f"http://127.0.0.1:{port}"
    wait_for(lambda: answers(url) or script.process.poll() is not None, "an answer")
    assert script.process.poll() is None, script.output
    answer: list[str] = json.loads(get(url))
    return answer


@pytest.mark.parametrize("target", ["own:app", "__main__:app"])
def test_a_script_may_serve_itself_without_a_guard(start_script: Start, home: Path, target: str) -> None:
    port = free_port()
    script = start_script("own", f"{APP}\nimport wesktop\nwesktop.serve({target!r}, port={port})\nprint('once')")
    assert served(script, port) == ["own", str(home), str(home)]
    wait_for(lambda: "once" in script.output, "what the worker has printed")
    assert script.output.count("once") == 1, "the worker passes over the call, the caller waits in it"


def test_a_package_may_serve_itself(start_script: Start, home: Path) -> None:
    port = free_port()
    package = home / "pkg"
    package.mkdir()
    write_script(package, "__init__", "")
    write_script(package, "__main__", f"{APP}\nimport wesktop\nwesktop.serve('__main__:app', port={port})")
    script = start_script("launcher", EXEC.format(arguments="'-m', 'pkg'"))
    assert served(script, port) == ["pkg.__main__", str(home), str(home)]


def test_the_app_is_found_beside_the_script_and_works_where_the_caller_does(start_script: Start, home: Path) -> None:
    port = free_port()
    (home / "scripts").mkdir()
    (home / "elsewhere").mkdir()
    write_script(home / "scripts", "beside", APP)
    source = f"import os, wesktop\nos.chdir({str(home / 'elsewhere')!r})\nwesktop.serve('beside:app', port={port})"
    script = start_script("scripts/caller", source)
    assert served(script, port) == ["beside", str(home / "elsewhere"), str(home / "scripts")]


def test_from_a_command_line_the_app_is_found_in_the_working_directory(start_script: Start, home: Path) -> None:
    port = free_port()
    write_script(home, "here", APP)
    source = f"import wesktop; wesktop.serve('here:app', port={port})"
    script = start_script("launcher", EXEC.format(arguments=f"'-c', {source!r}"))
    assert served(script, port) == ["here", str(home), str(home)]


def test_a_factory_is_called_for_the_app(start_script: Start, home: Path) -> None:
    port = free_port()
    write_script(home, "made", f"{APP}\ndef make():\n    return app")
    script = start_script("caller", f"import wesktop\nwesktop.serve('made:make', port={port}, factory=True)")
    assert served(script, port)[0] == "made"


def test_an_app_that_serves_itself_once_more_is_raised(start_script: Start, home: Path) -> None:
    write_script(
        home,
        "nested",
        """
        import wesktop
        async def app(scope, receive, send):
            try:
                wesktop.serve("nested:app")
            except Exception as error:
                await send({"type": "lifespan.startup.failed", "message": str(error)})
        """,
    )
    script = start_script("caller", f"import wesktop\nwesktop.serve('nested:app', port={free_port()})")
    assert script.wait() == 1
    assert "serve() was called by the app inside its own server, which runs already." in script.output


def test_what_the_app_prints_reaches_the_callers_own_streams(start_script: Start, home: Path) -> None:
    port = free_port()
    write_script(
        home, "talking", f"{APP}\nprint('x' * 300_000)\nprint('out', flush=True)\nprint('err', file=sys.stderr)"
    )
    source = f"""
    import os, wesktop
    os.dup2(os.open("stderr", os.O_CREAT | os.O_WRONLY), 2)
    wesktop.serve("talking:app", port={port})
    """
    script = start_script("caller", source)
    served(script, port)
    wait_for(lambda: script.output == "x" * 300_000 + "\nout\n", "all of its output")
    wait_for(lambda: "err\n" in (home / "stderr").read_text(), "its errors")
