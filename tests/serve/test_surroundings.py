"""Where a server is started from: full pipes, closed descriptors, no home, a loop that runs already."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from serve.conftest import APP, Served
from support.scripts import Script, answers, free_port, isolated_env, left_behind
from support.waiting import wait_for

Serve = Callable[..., Served]

PRINTING = """
import wesktop

router = wesktop.Router()

@router.get("/")
async def index(request):
    print("asked")
    return {}

app = wesktop.create_app(router)
"""


def test_what_the_app_prints_is_seen_at_once(start_script: Callable[..., Script], home: Path) -> None:
    (home / "printing.py").write_text(PRINTING)
    port = free_port()
    # Empty is as good as unset: Python then fills a buffer before it writes into a pipe.
    script = start_script(
        "serving", f"import wesktop\nwesktop.serve('printing:app', port={port})", PYTHONUNBUFFERED=""
    )
    wait_for(lambda: answers(f"http://127.0.0.1:{port}"), "an answer")
    wait_for(lambda: "asked" in script.output, "what the app printed")


def test_a_full_stderr_does_not_hold_up_the_supervisor(home: Path) -> None:
    (home / "demo_app.py").write_text(APP)
    port = free_port()
    reader, writer = os.pipe()
    source = f"import wesktop\nwesktop.serve('demo_app:app', port={port})"
    process = subprocess.Popen([sys.executable, "-c", source], cwd=home, env=isolated_env(home), stderr=writer)
    served = Served(Script.__new__(Script), home, port)
    try:
        wait_for(lambda: answers(served.url), "an answer")
        os.set_blocking(writer, False)
        with contextlib.suppress(BlockingIOError):
            while os.write(writer, b"x" * 4096):
                pass
        os.set_blocking(writer, True)
        os.kill(served.worker(), signal.SIGKILL)
        wait_for(lambda: answers(served.url), "the next worker")
        process.terminate()
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
        os.close(reader)
        os.close(writer)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_descriptors_are_no_trouble(home: Path, closed: str) -> None:
    (home / "demo_app.py").write_text(APP)
    port = free_port()
    command = f"exec {sys.executable} -c \"import wesktop; wesktop.serve('demo_app:app', port={port})\" {closed}"
    with subprocess.Popen(
        ["sh", "-c", command], cwd=home, env=isolated_env(home), stderr=subprocess.DEVNULL
    ) as process:
        try:
            wait_for(lambda: answers(f"http://127.0.0.1:{port}"), "an answer")
            process.terminate()
            assert process.wait(10) == 0
        finally:
            process.kill()


HOMELESS = """
import pwd, sys, threading
import wesktop
from wesktopd import client

def nobody(uid):
    raise KeyError(uid)

pwd.getpwuid = nobody  # as for a container's user that is in no passwd file
thread = threading.Thread(target=wesktop.serve, args=["demo_app:app"], kwargs={"port": 0})
thread.start()
while thread.is_alive() and not client.running():
    pass
print(client.status("demo_app").url)
client.stop("demo_app", 10)
thread.join()
"""


def test_a_user_without_a_home_can_serve_even_on_a_chosen_port(home: Path) -> None:
    (home / "demo_app.py").write_text(APP)
    env = {name: value for name, value in isolated_env(home).items() if name != "HOME" and not name.startswith("XDG")}
    env["XDG_RUNTIME_DIR"] = str(home / "run")
    done = subprocess.run(
        [sys.executable, "-c", HOMELESS], cwd=home, env=env, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.stdout.startswith("http://127.0.0.1:"), done.stderr


def test_a_running_loop_is_refused_before_anything_is_started(
    start_script: Callable[..., Script], home: Path
) -> None:
    script = start_script(
        "looping",
        f"""
        import asyncio
        import wesktop

        async def main():
            try:
                wesktop.serve("demo_app:app", port={free_port()})
            except wesktop.errors.ConfigurationError as error:
                print(error)

        asyncio.run(main())
        """,
    )
    assert script.wait() == 0, script.output
    assert script.output.startswith("serve() was called from a running event loop")
    assert left_behind(home) == []


def test_a_worker_that_is_still_importing_does_not_outlive_its_supervisor(
    start_script: Callable[..., Script], home: Path
) -> None:
    (home / "slow.py").write_text("import os, time\nopen('importing', 'w').write(str(os.getpid()))\ntime.sleep(600)")
    script = start_script("serving", f"import wesktop\nwesktop.serve('slow:app', port={free_port()})")
    wait_for(lambda: (home / "importing").exists() and (home / "importing").read_text(), "the import")
    worker = psutil.Process(int((home / "importing").read_text()))
    script.process.kill()
    wait_for(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE, "the worker's end", 4)


def test_a_closed_terminal_ends_it_gracefully(serve: Serve) -> None:
    served = serve().ready()
    served.script.tree()
    served.script.process.send_signal(signal.SIGHUP)
    assert served.script.wait(5) == 0, served.script.output
    assert (served.home / "shut down").exists()
    served.nothing_left()


def test_a_long_error_is_cut_and_not_lost(start_script: Callable[..., Script], home: Path) -> None:
    (home / "wordy.py").write_text("raise RuntimeError('z' * 100_000)")
    script = start_script(
        "serving",
        f"""
        import wesktop
        try:
            wesktop.serve("wordy:app", port={free_port()})
        except wesktop.errors.TargetImportError as error:
            print("refused:", error.message[:60])
        """,
    )
    assert script.wait() == 0
    assert script.output.splitlines()[-1].startswith("refused: module 'wordy' does not import: RuntimeError: zzz")
