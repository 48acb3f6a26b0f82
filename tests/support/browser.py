"""A stand-in for the user's browser, which notes what it is to open, and a web site that notes who asks for what."""

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from support.waiting import wait_for


class Browser:
    """An executable for BROWSER, as Python's webbrowser and xdg-open take it."""

    def __init__(self, home: Path) -> None:
        self._opened = home / "browser.opened"
        command = home / "browser"
        command.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" >> '{self._opened}'\n")
        command.chmod(0o700)
        self.command = str(command)

    def opened(self) -> list[str]:
        """What it was to open so far."""
        return self._opened.read_text().splitlines() if self._opened.exists() else []

    def forget(self) -> None:
        """Begin anew, for another test."""
        self._opened.unlink(missing_ok=True)

    def opens(self, *urls: str) -> None:
        """Wait until it was to open these, and nothing else before or between them."""
        wait_for(lambda: len(self.opened()) >= len(urls), f"{urls} in the browser, which has {self.opened()}")
        assert self.opened() == list(urls)


class Site:
    """A server of another origin. html: what it answers; by default a page that says to the window around it.

    leads_to: where it redirects instead. sets_cookie: for its host. cookies: which it was given, with each request.
    """

    html = "<style>html { background: #ff0000 }</style><script>parent.postMessage('framed', '*')</script>"
    leads_to = ""
    sets_cookie = ""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.asked: list[str] = []
        self.cookies: list[str | None] = []


@contextlib.contextmanager
def site(port: int = 0) -> Iterator[Site]:
    """A site for as long as the context lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(f"{self.command} {self.path}")
            served.cookies.append(self.headers["cookie"])
            self.send_response(303 if served.leads_to else 200)
            if served.sets_cookie:
                self.send_header("set-cookie", f"{served.sets_cookie}; Path=/")
            self.send_header("content-type", "text/html")
            if served.leads_to:
                self.send_header("location", served.leads_to)
            with contextlib.suppress(ConnectionError):  # the window has gone meanwhile
                self.end_headers()
                self.wfile.write(served.html.encode())

        do_POST = do_GET  # noqa: N815  as http.server calls it

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        served = Site(server.server_port)
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()
