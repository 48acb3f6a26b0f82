"""The guard's target for fuzz.py: whatever its headers say, an unauthorised request is rejected."""

import asyncio
from collections.abc import Callable
from typing import Any

COOKIE, BEARER, TOKEN = b"c" * 64, b"b" * 64, "t" * 64
HOST = b"localhost:8000"
NAMES = (b"localhost:8000", b"127.0.0.1:8000", b"[::1]:8000", b"app.localhost:8000")
ORIGIN = b"http://localhost:5173"
OPEN = "/_wesktop/open"
WEBSOCKET, SESSION, LINK, SECURE, DENIALS, PREFLIGHT = (1 << bit for bit in range(6))  # of the first byte

_OWN = b"host:" + HOST
SEEDS = {
    # The first byte says what kind of request it is; then a header a line. One without a name is the query string.
    "guard": [
        b"\x00" + _OWN,
        b"\x01" + _OWN + b"\norigin:http://localhost:8000\nsec-fetch-site:same-origin",
        b"\x02" + _OWN + b"\ncookie:a=b; wesktop-app-8000=" + COOKIE,
        b"\x02" + _OWN + b"\nauthorization:Bearer " + BEARER,
        b"\x06" + _OWN + b"\n:token=" + TOKEN.encode() + b"&to=/a",
        b"\x06" + _OWN + b"\nsec-fetch-site:cross-site\n:token=" + TOKEN.encode() + b"&to=//evil.example",
        b"\x22" + _OWN + b"\norigin:" + ORIGIN + b"\naccess-control-request-method:PUT",
        b"\x00host:evil.example\n" + _OWN,
    ],
}
WORDS = {
    "guard": [
        *(name + b":" for name in (b"\nhost", b"\norigin", b"\nsec-fetch-site", b"\ncookie", b"\nauthorization")),
        *(HOST, *NAMES, ORIGIN, COOKIE, BEARER, TOKEN.encode(), b"wesktop-app-8000=", b"Bearer ", b"; ", b"http://"),
        *(
            b"null",
            b"same-origin",
            b"none",
            b"cross-site",
            b"\n:token=",
            b"&to=",
            b"\naccess-control-request-method:x",
        ),
    ],
}


def guard() -> Callable[[bytes], None]:
    """Only authorised requests reach the app, and every other response is complete."""
    from wesktopd.guard.middleware import Guard
    from wesktopd.guard.session import SessionCheck, SessionSecrets

    reached = []

    async def app(*_: Any) -> None:
        reached.append(True)

    async def redeem(token: str) -> bool:
        return token == TOKEN

    session = SessionCheck(SessionSecrets(COOKIE.decode(), BEARER.decode()), "app", 8000)
    options: dict[str, Any] = {"port": 8000, "name": "app", "allowed_origins": [ORIGIN.decode()], "redeem": redeem}
    guards = {False: Guard(app, **options), True: Guard(app, **options, session=session)}
    loop = asyncio.new_event_loop()

    def check(data: bytes) -> None:
        flags, request = data[0] if data else 0, data[1:]
        scope = scope_of(flags, request)
        sent: list[Any] = []
        reached.clear()
        loop.run_until_complete(_call(guards[bool(flags & SESSION)], scope, sent))
        assert bool(reached) == may_pass(scope, flags), (scope, sent)
        if not reached:
            check_answer(scope, sent)

    return check


async def _call(guarded: Any, scope: dict[str, Any], sent: list[Any]) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await guarded(scope, receive, send)


def scope_of(flags: int, request: bytes) -> dict[str, Any]:
    """The request that an input describes."""
    lines = [line.partition(b":") for line in request.split(b"\n")]
    websocket = bool(flags & WEBSOCKET)
    scheme = ("wss" if flags & SECURE else "ws") if websocket else ("https" if flags & SECURE else "http")
    method = {} if websocket else {"method": "OPTIONS" if flags & PREFLIGHT else "GET"}
    return {
        "type": "websocket" if websocket else "http", "scheme": scheme, **method,
        "path": OPEN if flags & LINK else "/",
        "query_string": next((value for name, _, value in lines if not name), b""),
        "headers": [(name.strip().lower(), value.strip()) for name, _, value in lines if name.strip()],
        "extensions": {"websocket.http.response": {}} if flags & DENIALS else {},
    }  # fmt: skip


def may_pass(scope: dict[str, Any], flags: int) -> bool:
    """The same decision, made another way: by what there has to be, one header after the other."""
    values = {name: [value for found, value in scope["headers"] if found == name] for name, _ in scope["headers"]}
    hosts, origins, sites = (values.get(name, []) for name in (b"host", b"origin", b"sec-fetch-site"))
    if len(hosts) != 1 or len(origins) > 1 or len(sites) > 1 or hosts[0].lower() not in NAMES:
        return False
    if flags & SESSION and flags & LINK:
        return False  # the guard's own
    allowed = origins == [ORIGIN]
    own = (b"https://" if flags & SECURE else b"http://") + hosts[0].lower()
    if not allowed and (origins not in ([], [own]) or sites not in ([], [b"same-origin"], [b"none"])):
        return False
    if not flags & SESSION:
        return True
    if allowed and scope.get("method") == "OPTIONS" and b"access-control-request-method" in values:
        return True
    cookies = values.get(b"cookie", [b""])[-1].split(b"; ")
    word, _, token = values.get(b"authorization", [b""])[-1].partition(b" ")
    return b"wesktop-app-8000=" + COOKIE in cookies or (word.lower(), token.strip()) == (b"bearer", BEARER)


def check_answer(scope: dict[str, Any], sent: list[Any]) -> None:
    """A refusal, or a way in that leads to this server."""
    if sent == [{"type": "websocket.close"}]:
        return
    start, body = sent
    headers = dict(start["headers"])
    assert len(headers) == len(start["headers"]), headers
    assert headers[b"x-frame-options"] == b"DENY", headers
    assert int(headers[b"content-length"]) == len(body["body"])
    assert not any({13, 10, 0} & {*name, *value} for name, value in start["headers"]), headers
    assert start["status"] in (200, 303, 401, 403, 405, 421), start
    if b"set-cookie" in headers:
        assert TOKEN.encode() in scope["query_string"]
    if start["status"] == 303:
        assert headers[b"location"][:1] == b"/"
        assert headers[b"location"][1:2] not in (b"/", b"\\")


TARGETS = (guard,)
