"""The handshake of control connections by TCP: both ends prove that they know the secret. No I/O.

    client   wesktop NONCE     a number that it has never used before
    server   NONCE PROOF       one of its own, and HMAC-SHA256 of its role and both numbers, with the secret as key
    client   PROOF             the same of its own role

The secret itself is never sent, and the server proves itself first: a program that has merely taken its port learns
nothing. A proof holds for its role and its connection alone, so that it can neither be sent back
nor be used again (ISO/IEC 9798-4, three-pass mutual authentication).
"""

import os
import re

MAX_LINE = 160  # bytes of a line, with its newline
NONCE_BYTES = 32

_NUMBER = rb"([0-9a-f]{64})"
_HELLO = re.compile(rb"wesktop %b\r?" % _NUMBER)
_CHALLENGE = re.compile(rb"%b %b\n" % (_NUMBER, _NUMBER))


class NotProvenError(ConnectionError):
    """The listener at the port does not know the secret: it is not the app's supervisor."""


class ServerGreeting:
    """The server's side. awaited: the client's proof, once it was asked for."""

    def __init__(self, secret: str, awaited: str | None = None) -> None:
        self._secret = secret
        self.awaited = awaited

    def receive(self, line: bytes) -> bytes | None:
        """Take the client's next line, without its newline.

        Return the line to send, b"" where the client has proved itself, or None where it cannot any more.
        """
        if self.awaited is not None:
            return b"" if _same(line.strip(), self.awaited) else None
        found = _HELLO.fullmatch(line)
        if found is None:
            return None
        theirs, ours = found[1].decode(), os.urandom(NONCE_BYTES).hex()
        self.awaited = proof(self._secret, "client", theirs, ours)
        return f"{ours} {proof(self._secret, 'server', theirs, ours)}\n".encode()


class ClientGreeting:
    """The client's side: `hello` is sent first, then what `answer` makes of the server's line."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._nonce = os.urandom(NONCE_BYTES).hex()

    @property
    def hello(self) -> bytes:
        """The first line."""
        return f"wesktop {self._nonce}\n".encode()

    def answer(self, line: bytes) -> bytes:
        """The proof to send to a server whose line this is. Raises NotProvenError where it has not proved itself."""
        found = _CHALLENGE.fullmatch(line)
        if found is None or not _same(found[2], proof(self._secret, "server", self._nonce, found[1].decode())):
            raise NotProvenError("what listens there does not know the secret")
        return f"{proof(self._secret, 'client', self._nonce, found[1].decode())}\n".encode()


def proof(secret: str, role: str, client_nonce: str, server_nonce: str) -> str:
    """Return the proof that one of the two, "client" or "server", knows the secret."""
    import hmac  # late: it takes 4 ms, and a window, which mostly needs no greeting, waits for this module

    return hmac.new(secret.encode(), f"{role} {client_nonce} {server_nonce}".encode(), "sha256").hexdigest()


def _same(given: bytes, wanted: str) -> bool:
    import hmac

    return hmac.compare_digest(given, wanted.encode())  # it takes as long whether or not
