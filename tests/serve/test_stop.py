"""How a server ends when it is asked to."""

import base64
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from serve.conftest import Served
from support.scripts import Script, free_port
from support.waiting import wait_for

Serve = Callable[..., Served]


def connect(served: Served, path: str, *headers: str) -> socket.socket:
    """Send a GET request; its answer is left to be read."""
    sock = socket.create_connection(("127.0.0.1", served.port), timeout=20)
    sock.sendall("\r\n".join([f"GET {path} HTTP/1.1", f"Host: localhost:{served.port}", *headers, "", ""]).encode())
    return sock


def read_to_end(sock: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    received = b""
    with sock:
        while data := sock.recv(65536):
            received += data
    return received


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_gracefully_and_leaves_nothing(serve: Serve, number: signal.Signals) -> None:
    served = serve().ready()
    served.script.tree()
    served.script.process.send_signal(number)
    assert served.script.wait(5) == 0, served.script.output
    assert served.script.output.rstrip().endswith("serve() has returned")
    assert (served.home / "shut down").exists()
    served.nothing_left()


def test_ctrl_c_that_is_meant_for_a_script_does_not_end_its_background_job(serve: Serve) -> None:
    """A shell without job control has it ignored there (POSIX, sh, 2.11)."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is started now inherits that
    try:
        served = serve()
    finally:
        signal.signal(signal.SIGINT, before)
    served.ready()
    served.script.process.send_signal(signal.SIGINT)
    served.script.process.send_signal(signal.SIGTERM)
    assert served.script.wait(10) == 0, served.script.output
    assert "stopping, on SIGTERM" in served.script.output
    assert (served.home / "shut down").exists()


def test_an_open_event_stream_is_ended_in_good_order_and_does_not_hold_up_the_stop(serve: Serve) -> None:
    served = serve("drain_timeout=20").ready()
    sock = connect(served, "/stream")
    received = sock.recv(65536)
    served.script.process.send_signal(signal.SIGTERM)
    received += read_to_end(sock)
    assert received.startswith(b"HTTP/1.1 200 OK")
    assert received.endswith(b"\r\n0\r\n\r\n")  # RFC 9112, 7.1: the last chunk
    assert served.script.wait(5) == 0


def test_a_request_that_is_being_worked_on_is_finished(serve: Serve) -> None:
    served = serve().ready()
    sock = connect(served, "/slow")
    served.touched("slow")
    served.script.process.send_signal(signal.SIGTERM)
    assert read_to_end(sock).endswith(b'{"finished":true}')
    assert served.script.wait(5) == 0


def stop_amid(served: Served, handler: str) -> None:
    """Stop it while a request is in this handler; it ends in good order."""
    with connect(served, f"/{handler}"):
        served.touched(handler)
        served.script.process.send_signal(signal.SIGTERM)
        assert served.script.wait(5) == 0


def test_a_request_that_hangs_is_cancelled_within_the_drain_timeout(serve: Serve) -> None:
    served = serve("drain_timeout=0.5").ready()
    stop_amid(served, "hang")
    assert (served.home / "shut down").exists()
    assert "1 request was cut off, still open 0.4 seconds after the stop began (drain_timeout 0.5)" in (
        served.script.output
    )
    assert "Traceback" not in served.script.output
    assert "CancelledError" not in served.script.output


def test_what_an_app_raises_when_it_is_cut_off_is_still_shown(serve: Serve) -> None:
    served = serve("drain_timeout=0.5").ready()
    stop_amid(served, "stubborn")
    assert "RuntimeError: not in the middle of this" in served.script.output


def test_a_blocked_worker_is_killed_after_the_drain_timeout(serve: Serve) -> None:
    served = serve("drain_timeout=0.5").ready()
    with connect(served, "/block"):
        served.touched("block")
        served.script.tree()
        served.script.process.send_signal(signal.SIGTERM)
        assert served.script.wait(5) == 0
    assert "did not end in time" in served.script.output
    served.nothing_left()


def test_a_second_ctrl_c_ends_it_at_once(serve: Serve) -> None:
    served = serve("drain_timeout=600").ready()
    with connect(served, "/hang"):
        served.touched("hang")
        served.script.process.send_signal(signal.SIGINT)
        wait_for(lambda: "stopping" in served.script.output, "the first Ctrl-C")
        assert served.script.process.poll() is None
        served.script.process.send_signal(signal.SIGINT)
        assert served.script.wait(5) == 0
    served.nothing_left()


def test_an_open_websocket_is_raised_that_the_server_goes_away(serve: Serve) -> None:
    served = serve("drain_timeout=20").ready()
    key = base64.b64encode(os.urandom(16)).decode()
    upgrade = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}")
    with connect(served, "/socket", *upgrade) as sock:
        assert sock.recv(65536).startswith(b"HTTP/1.1 101")
        served.script.process.send_signal(signal.SIGTERM)
        assert served.script.wait(5) == 0
    assert (served.home / "closed").read_text() == "websocket.disconnect 1001"


def test_a_start_that_is_still_going_on_is_cancelled(serve: Serve, home: Path) -> None:
    (home / "wait").touch()
    served = serve("drain_timeout=600")
    served.touched("starting")
    served.script.tree()
    served.script.process.send_signal(signal.SIGTERM)
    assert served.script.wait(2) == 0, served.script.output
    assert (home / "cancelled").exists()
    served.nothing_left()


def test_from_a_thread_it_serves_without_signals_and_is_stopped_by_its_name(
    start_script: Callable[..., Script], serve: Serve
) -> None:
    port = free_port()
    serve(port=port).script.close()  # for its app
    script = start_script(
        "threaded",
        f"""
        import signal, threading, urllib.request, time
        import wesktop
        from wesktopd import client
        options = {{"port": {port}, "name": "side"}}
        thread = threading.Thread(target=wesktop.serve, args=["demo_app:app"], kwargs=options)
        thread.start()
        while True:
            try:
                print(urllib.request.urlopen("http://127.0.0.1:{port}").status)
                break
            except OSError:
                time.sleep(0.01)
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
        client.stop("side", 10)
        thread.join(5)
        print("alive" if thread.is_alive() else "ended")
        """,
    )
    assert script.wait() == 0, script.output
    assert script.output.splitlines()[-1] == "ended"
    assert "200" in script.output
