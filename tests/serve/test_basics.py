"""What is seen of `serve()` while it serves: its name, its PID file, its port."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from serve.conftest import Served
from support.scripts import Script, answers, free_port, get, left_behind, write_script
from support.waiting import wait_for
from wesktopd import client

# Serves itself under the name it has, without a main guard.
ITSELF = """
import sys
import wesktop

router = wesktop.Router()

@router.get("/")
async def index(request):
    return {{"module": __name__, "path": sys.path[0]}}

app = wesktop.create_app(router)
wesktop.serve(f"{{__name__}}:app", port={port})
"""

LAUNCHER = """
import os, sys
os.chdir("stand")
os.execv(sys.executable, [sys.executable, "-m", "package.module"])
"""

Start = Callable[..., Script]


def stop(script: Script, home: Path) -> None:
    """End it, and see that it ended well."""
    script.process.terminate()
    assert script.wait(5) == 0, script.output
    assert left_behind(home) == []


def test_a_module_of_a_package_serves_itself_under_python_m(start_script: Start, home: Path) -> None:
    port = free_port()
    (home / "stand" / "package").mkdir(parents=True)
    write_script(home / "stand" / "package", "module", ITSELF.format(port=port))
    script = start_script("launcher", LAUNCHER)
    wait_for(lambda: answers(f"http://127.0.0.1:{port}") or script.process.poll() is not None, "an answer")
    assert script.process.poll() is None, script.output
    assert json.loads(get(f"http://127.0.0.1:{port}")) == {"module": "package.module", "path": str(home / "stand")}
    stop(script, home)


def test_the_log_begins_with_the_given_name(home: Path, serve: Callable[..., Served]) -> None:
    served = serve("name='My.App'").ready()
    wait_for(lambda: "serving" in served.script.output, "its first line")
    stop(served.script, home)
    assert served.script.output.splitlines()[:2] == [
        f"My.App: serving demo_app:app on {served.url}",
        "My.App: stopping, on SIGTERM",
    ]


def test_the_pid_file_names_the_serving_process_while_it_serves(serve: Callable[..., Served]) -> None:
    served = serve().ready()
    assert (served.home / "serve.pid").read_text() == f"{served.script.pid}\n"
    served.script.process.terminate()
    assert served.script.wait(5) == 0
    assert not (served.home / "serve.pid").exists()


def serving_url(script: Script) -> str:
    """Where it says that it serves."""
    found = wait_for(lambda: re.search(r"serving \S+ on (\S+)", script.output), "its address")
    return found[1]


def test_a_free_port_is_kept_for_the_next_run(serve: Callable[..., Served], home: Path) -> None:
    urls = []
    for _ in range(2):
        served = serve(f"name={home.name!r}", port=0)  # from which the port follows: a name that nobody else has
        urls.append(serving_url(served.script))
        assert answers(urls[-1])
        stop(served.script, home)
    assert urls[0] == urls[1]
    assert (home / "state" / "wesktop" / f"{home.name}.port").read_text() == f"{urls[0].rpartition(':')[2]}\n"


def test_apps_run_side_by_side_under_names_of_their_own(
    start_script: Start, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "run"))
    scripts = [start_script(name, ITSELF.format(port=0)) for name in ("one", "two")]
    urls = [serving_url(script) for script in scripts]
    assert [json.loads(get(url))["module"] for url in urls] == ["one", "two"]
    assert client.running() == ["one", "two"]
    client.stop("one", 5)
    assert scripts[0].wait(5) == 0
    assert client.running() == ["two"]
    assert get(urls[1])
    stop(scripts[1], home)
