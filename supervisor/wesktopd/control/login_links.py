"""Login links: addresses that let one client in, once and within a short time."""

import asyncio
from collections.abc import Awaitable, Callable

from wesktopd.errors import ConfigurationError, ControlTimeoutError
from wesktopd.guard.tokens import LIFETIME, OneTimeTokens, one_time_link
from wesktopd.instance.instance import Instance


class LoginLinks:
    """The login links of an app. Without a session they are its plain addresses, which let every client in."""

    def __init__(self, instance: Instance) -> None:
        self.tokens = OneTimeTokens()
        self._instance = instance
        self._loop = asyncio.get_running_loop()

    def needed_for(self, path: str) -> bool:
        """Return whether a window cannot just open the app's URL to get to `path`."""
        return self._instance.secrets is not None or path != "/"

    def make(self, path: str = "/", on_end: Callable[[bool], None] = lambda _: None) -> str:
        """Return a link to `path`; on_end: called once with whether it was used before it expired."""
        if self._instance.secrets is None:
            return f"{self._instance.origin}{path}"
        return one_time_link(self._instance.origin, self.tokens.mint(self._loop.time(), on_end), path)

    def redeem(self, token: str) -> bool:
        """Use up a one-time token; return whether it lets its bearer in."""
        return self.tokens.redeem(token, self._loop.time())

    def follow(self, path: str) -> tuple[str, Awaitable[str]]:
        """Return a link, and an awaitable that waits for its use, or raises ControlTimeoutError.

        Raises ConfigurationError for a path that leads elsewhere.
        """
        check_link_path(path)
        opened: asyncio.Future[str] = self._loop.create_future()
        if self._instance.secrets is None:
            opened.set_result("")
        url = self.make(path, lambda admitted: _settle(opened, admitted))
        self._loop.call_later(LIFETIME, lambda: self.tokens.expire(self._loop.time()))  # from now: not too early
        return url, opened

    def bearer(self) -> str:
        """Return the token by which scripts authenticate. Raises ConfigurationError if there is no session."""
        secrets = self._instance.secrets
        if secrets is None:
            name = self._instance.spec.name
            raise ConfigurationError(f"{name!r} has no session: scripts get in without a token.")
        return secrets.bearer


def check_link_path(path: str) -> None:
    """Raise ConfigurationError for a path that leads elsewhere."""
    if path != "/":
        from wesktopd.guard.local_path import check_path  # late, for the supervisor's size

        check_path(path)


def _settle(opened: asyncio.Future[str], admitted: bool) -> None:
    if opened.done():
        return
    if admitted:
        opened.set_result("it was opened")
    else:
        instead = "`wesktop ctl open --print-link` has a link for any browser"
        opened.set_exception(ControlTimeoutError(f"it was not opened within {LIFETIME:g} seconds: {instead}."))
        opened.exception()  # it may not be awaited
