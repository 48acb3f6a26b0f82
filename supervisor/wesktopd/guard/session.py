"""The session: what shows that a client belongs to the program."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

SECRET_BYTES = 32


@dataclass(frozen=True)
class SessionSecrets:
    """The secrets that authenticate a client, for as long as the supervisor lives; only its workers get them.

    cookie: the value of the session's cookie. bearer: what scripts send (RFC 6750).
    """

    cookie: str = field(repr=False)
    bearer: str = field(repr=False)

    @classmethod
    def fresh(cls) -> "SessionSecrets":
        """Return new random secrets."""
        return cls(os.urandom(SECRET_BYTES).hex(), os.urandom(SECRET_BYTES).hex())


class SessionCheck:
    """Tells by its headers whether a request comes from a client that was let in.

    Cookies are not separated by port (RFC 6265, 8.5), so the cookie's name has the app's and the port.
    """

    def __init__(self, secrets: SessionSecrets, name: str, port: int) -> None:
        from hmac import compare_digest  # late: it takes 4 ms, and most importers never compare

        self._equal = compare_digest
        self._name = f"wesktop-{name}-{port}="
        self._prefix = self._name.encode()
        self._secrets = secrets
        self._cookie = self._prefix + secrets.cookie.encode()
        self._bearer = secrets.bearer.encode()

    @property
    def set_cookie(self) -> bytes:
        """The value of `Set-Cookie` that lets a client in until its browser is closed."""
        return f"{self._name}{self._secrets.cookie}; Path=/; HttpOnly; SameSite=Strict".encode()

    def admits(self, headers: Mapping[bytes, bytes]) -> bool:
        """Return whether the request has the cookie or the bearer token, in constant time."""
        if (cookies := headers.get(b"cookie")) is not None:
            if self._equal(cookies, self._cookie):  # the only one, as it mostly is
                return True
            # All of that name are looked at: another server of this host may have set one for a longer path.
            for cookie in cookies.split(b"; "):
                if cookie.startswith(self._prefix) and self._equal(cookie, self._cookie):
                    return True
        scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
        return scheme.lower() == b"bearer" and self._equal(token.strip(), self._bearer)
