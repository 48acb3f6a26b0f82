"""One-time tokens: each lets one client in, once, and soon."""

import os
from collections.abc import Callable
from dataclasses import dataclass

TOKEN_BYTES = 32
LIFETIME = 30.0  # seconds: a browser that is not running yet takes ten on a slow machine
MAX_TOKENS = 256  # valid at a time; the oldest is dropped for another

OPEN_PATH = "/_wesktop/open"
MAX_PATH = 1024  # characters of where a link leads


@dataclass
class _Token:
    value: str
    expires: float
    on_end: Callable[[bool], None]


class OneTimeTokens:
    """Those that are out. Times are in seconds of the caller's clock."""

    def __init__(self) -> None:
        self._tokens: list[_Token] = []  # the oldest first

    def state(self) -> list[tuple[str, float]]:
        """Return the tokens for another supervisor that takes over: values, and when they expire."""
        return [(token.value, token.expires) for token in self._tokens]

    def restore(self, state: list[tuple[str, float]]) -> None:
        """Take over the tokens of another; requests that wait there get no answer."""
        self._tokens = [_Token(value, expires, lambda _: None) for value, expires in state]

    def mint(self, now: float, on_end: Callable[[bool], None] = lambda _: None) -> str:
        """A new one; on_end is called once with whether it was redeemed, or else given up."""
        self.expire(now)
        if len(self._tokens) >= MAX_TOKENS:
            self._tokens.pop(0).on_end(False)
        token = _Token(os.urandom(TOKEN_BYTES).hex(), now + LIFETIME, on_end)
        self._tokens.append(token)
        return token.value

    def redeem(self, value: str, now: float) -> bool:
        """Return whether it lets somebody in, which it does once."""
        from hmac import compare_digest  # late: it takes 4 ms, which a start does not have to spare

        self.expire(now)
        given = value.encode("utf-8", "surrogatepass")
        # All are compared, so that the time it takes reveals nothing.
        found = [token for token in self._tokens if compare_digest(token.value.encode(), given)]
        for token in found:
            self._tokens.remove(token)
            token.on_end(True)
        return bool(found)

    def expire(self, now: float) -> None:
        """Give up those that are too old."""
        while self._tokens and self._tokens[0].expires <= now:
            self._tokens.pop(0).on_end(False)


def one_time_link(url: str, token: str, path: str = "/") -> str:
    """The address that a token is redeemed at; path: where that leads."""
    link = f"{url}{OPEN_PATH}?token={token}"
    if path == "/":
        return link
    from urllib.parse import quote  # late: a page may wait for this

    return f"{link}&to={quote(path, safe='/')}"


def origin_of(link: str) -> str:
    """The address of the app that a link leads to."""
    return link[: link.index("/", len("http://"))]
