"""Start-up and memory, as ratios formed within one run: `python benchmarks/startup.py [--only window,attach]`.

Every round visits each contender in turn, in reversed order on odd rounds, and a ratio is formed within its round;
the table shows medians. Without a display an Xvfb is started. NiceGUI is measured where it is installed.
"""

import argparse
import http.server
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
GRANIAN_OPTIONS = [
    *("--interface", "asgi", "--http", "1", "--loop", "uvloop", "--workers", "1"),
    *("--no-access-log", "--log-level", "warning"),
]
PAGE = "<!doctype html><title>page</title><h1>Hello</h1><script>fetch('{beacon}', {{mode: 'no-cors'}})</script>"

APP = """
import os
import wesktop

router = wesktop.Router()

@router.get("/")
async def page(request):
    return wesktop.HTMLResponse(os.environ["BENCH_PAGE"])

app = wesktop.create_app(router)

if __name__ == "__main__":
    wesktop.run("bench_app:app", port=int(os.environ["BENCH_PORT"]), csp="connect-src *")
"""

ATTACH = """
import os
import wesktop

if __name__ == "__main__":
    wesktop.run("bench_app:app", port=int(os.environ["BENCH_KEPT_PORT"]), keep_alive=True)
"""

BARE = """
import os, sys
if os.environ.get("BENCH_PYGOBJECT"):
    sys.path.append(os.environ["BENCH_PYGOBJECT"])
os.environ["WEBKIT_DISABLE_DMABUF_RENDERER"] = "1"
import webview
webview.create_window("bare", os.environ["BENCH_STATIC"], width=1280, height=800)
webview.start(gui="gtk", private_mode=False, storage_path=os.environ["BENCH_STORAGE"])
"""

NICEGUI = """
import os
from nicegui import ui
ui.add_head_html("<script>" + os.environ["BENCH_SCRIPT"] + "</script>")
ui.label("Hello")
ui.run(native=True, reload=False, show=False, port=int(os.environ["BENCH_PORT"]), window_size=(1280, 800))
"""

Measure = Callable[[], float]


class Beacon:
    """An HTTP server that serves the static page and notes when a page's first fetch comes in."""

    def __init__(self) -> None:
        beacon = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/beacon":
                    beacon.seen.set()
                body = PAGE.format(beacon=beacon.url).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self.seen = threading.Event()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.static = f"http://127.0.0.1:{self._server.server_port}/"
        self.url = f"{self.static}beacon"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def environment(**extra: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, **extra}


@contextmanager
def running(command: list[str], cwd: Path, env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process, ended with all that it started."""
    with (cwd / "out.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=cwd, env=env, stdout=log, stderr=log, start_new_session=True)
    try:
        yield process
    finally:
        tree = [process, *psutil.Process(process.pid).children(recursive=True)] if process.poll() is None else []
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
        for child in tree[1:]:
            if isinstance(child, psutil.Process) and child.is_running():
                child.kill()
        process.wait()


@contextmanager
def kept_alive(lab: Path, beacon: Beacon) -> Iterator[None]:
    """A server that goes on without a window, for `run(keep_alive=True)` to find."""
    port = os.environ["BENCH_KEPT_PORT"] = str(free_port())
    env = environment(BENCH_PAGE=PAGE.format(beacon=beacon.url))
    subprocess.run(
        [str(BIN / "wesktop"), "serve", "--detach", "--csp", "connect-src *", "--port", port, "bench_app:app"],
        cwd=lab, env=env, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        subprocess.run([str(BIN / "wesktop"), "ctl", "stop", "bench_app"], check=True, stdout=subprocess.DEVNULL)


def window(script: str, source: str, lab: Path, beacon: Beacon) -> Measure:
    """From the start of the script's process to its page's first fetch, in ms."""
    from wesktop.window.backends import system_pygobject

    (lab / script).write_text(textwrap.dedent(source))

    def measure() -> float:
        beacon.seen.clear()
        env = environment(
            BENCH_PORT=str(free_port()),
            BENCH_PAGE=PAGE.format(beacon=beacon.url),
            BENCH_SCRIPT=f"fetch('{beacon.url}', {{mode: 'no-cors'}})",
            BENCH_STATIC=beacon.static,
            BENCH_STORAGE=str(lab / "storage"),
            BENCH_PYGOBJECT=str(system_pygobject() or "") if find_spec("gi") is None else "",
        )
        if script == "nicegui_app.py" and env["BENCH_PYGOBJECT"]:
            env["PYTHONPATH"] = env["BENCH_PYGOBJECT"]  # it does not look for it itself
        started = time.perf_counter()
        with running([sys.executable, script], lab, env):
            if not beacon.seen.wait(60):
                raise RuntimeError(f"{script} did not show its page: {(lab / 'out.log').read_text()[-2000:]}")
            return (time.perf_counter() - started) * 1000

    return measure


def served(command: list[str], lab: Path) -> Measure:
    """From the start of the command to its first 200, in ms."""

    def measure() -> float:
        port = free_port()
        argv = [word.replace("{port}", str(port)) for word in command]
        started = time.perf_counter()
        with running(argv, lab, environment(BENCH_PAGE="hello")) as process:
            while process.poll() is None and time.perf_counter() - started < 30:
                if _is_200(port):
                    return (time.perf_counter() - started) * 1000
                time.sleep(0.001)
        raise RuntimeError(f"{command[0]} gave no 200: {(lab / 'out.log').read_text()[-2000:]}")

    return measure


def _is_200(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 10) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost:%d\r\nConnection: close\r\n\r\n" % port)
            return b" 200 " in sock.recv(64)
    except OSError:
        return False


def command(*argv: str) -> Measure:
    """The whole command, in ms."""

    def measure() -> float:
        started = time.perf_counter()
        subprocess.run(argv, check=True, capture_output=True, env=environment())
        return (time.perf_counter() - started) * 1000

    return measure


def compare(title: str, contenders: dict[str, Measure], rounds: int) -> None:
    """Measure in alternation and print; the first contender is what the others are measured against."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for round_number in range(-1, rounds):  # the first one warms the caches
        order = list(contenders)[:: 1 if round_number % 2 else -1]
        for name in order:
            taken = contenders[name]()
            if round_number >= 0:
                times[name].append(taken)
    base = next(iter(times.values()))
    print(f"\n{title}\n{'':38}{'median ms':>10}{'min':>8}{'max':>8}{'ratio':>8}")
    for name, values in times.items():
        ratio = statistics.median(value / other for value, other in zip(values, base, strict=True))
        print(f"{name:38}{statistics.median(values):10.0f}{min(values):8.0f}{max(values):8.0f}{ratio:8.2f}")


def memory() -> None:
    """PSS of the demo's caller, supervisor and worker, after its page has drawn for a while."""
    with running([sys.executable, "-m", "examples.pulse"], ROOT, environment()) as process:
        time.sleep(12)
        print("\nmemory of the demo, MB (PSS)")
        total = 0.0
        for part in [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]:
            line = part.cmdline()
            if not line or "WebKit" in line[0] or "wesktop.window" in line:
                continue
            pss = part.memory_full_info().pss / 2**20
            total += pss
            module = next((word for word in line if word in ("wesktopd", "wesktopd.worker")), "the script")
            print(f"{module:38}{pss:10.1f}")
        print(f"{'all but the window':38}{total:10.1f}")
    (ROOT / "out.log").unlink()


@contextmanager
def display() -> Iterator[None]:
    """The display that there is, or a virtual one."""
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        yield
        return
    reader, writer = os.pipe()
    size = ["-screen", "0", "1440x900x24"]
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), *size], pass_fds=(writer,), stderr=subprocess.DEVNULL
    )
    os.close(writer)
    with os.fdopen(reader) as lines:
        os.environ["DISPLAY"] = f":{lines.readline().strip()}"
    try:
        yield
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", default="import,serve,attach,window,memory")
    options = parser.parse_args()
    wanted = options.only.split(",")
    with tempfile.TemporaryDirectory(prefix="wesktop-bench-") as directory, display():
        lab = Path(directory)
        os.environ["XDG_RUNTIME_DIR"] = directory
        (lab / "bench_app.py").write_text(APP)
        if "import" in wanted:
            python, wesktop = sys.executable, str(BIN / "wesktop")
            compare(
                "whole command",
                {
                    "python -c pass": command(python, "-c", "pass"),
                    "python -c 'import wesktop'": command(python, "-c", "import wesktop"),
                    "wesktop --version": command(wesktop, "--version"),
                },
                options.rounds * 2,
            )
        if "serve" in wanted:
            granian = [str(BIN / "granian"), *GRANIAN_OPTIONS, "--port", "{port}", "bench_app:app"]
            ours = [str(BIN / "wesktop"), "serve", "--port", "{port}", "bench_app:app"]
            contenders = {"granian": served(granian, lab), "wesktop serve": served(ours, lab)}
            compare("start of the command to the first 200", contenders, options.rounds * 2)
        if "attach" in wanted:
            beacon = Beacon()
            with kept_alive(lab, beacon):
                contenders = {
                    "bare pywebview GTK, static page": window("bare.py", BARE, lab, beacon),
                    "wesktop run(), the server runs": window("attach.py", ATTACH, lab, beacon),
                }
                compare("attach to a running server, to the page's first fetch", contenders, options.rounds * 2)
        if "window" in wanted:
            beacon = Beacon()
            contenders = {
                "bare pywebview GTK, static page": window("bare.py", BARE, lab, beacon),
                "wesktop run()": window("bench_app.py", APP, lab, beacon),
            }
            if find_spec("nicegui"):
                contenders["NiceGUI native"] = window("nicegui_app.py", NICEGUI, lab, beacon)
            compare("start of the script to the page's first fetch", contenders, options.rounds)
        if "memory" in wanted:
            memory()
        shutil.rmtree(lab / "storage", ignore_errors=True)


if __name__ == "__main__":
    main()
