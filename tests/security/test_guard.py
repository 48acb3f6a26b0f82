"""Who gets past the guard: every kind of request with every value of what it is decided by."""

import asyncio
import itertools
from typing import Any

import pytest

from security.guarded import ACCESS, COOKIE, HOSTS, PORT, Pairs, app, ask, guard
from wesktopd.errors import ConfigurationError
from wesktopd.guard.middleware import Guard
from wesktopd.guard.session import SessionCheck

# Beside the Host "localhost:8000".
ORIGINS: dict[str | None, bool] = {
    None: True,
    "http://localhost:8000": True,
    "null": False,
    "": False,
    "http://localhost": False,
    "http://localhost:8001": False,
    "http://localhost:80000": False,
    "http://localhost:8000.evil.example": False,
    "http://localhost:8000/": False,
    "http://localhost:8000@evil.example": False,
    "http://evil.example": False,
    "http://evil.example:8000": False,
    "http://evil-localhost:8000": False,
    "http://notlocalhost:8000": False,
    "http://127.0.0.1:8000": False,
    "http://[::1]:8000": False,
    "https://localhost:8000": False,
    "ws://localhost:8000": False,
    "file://": False,
    "HTTP://LOCALHOST:8000": False,
    "http://LOCALHOST:8000": False,
    "http://localhost:8000, http://evil.example": False,
}
SITES: dict[str | None, bool] = {
    None: True,
    "same-origin": True,
    "none": True,
    "same-site": False,
    "cross-site": False,
    "": False,
    "Same-Origin": False,
    "same-origin, cross-site": False,
    "unheard-of": False,
}
CREDENTIALS: dict[str, tuple[Pairs, bool]] = {
    "the cookie": ([("cookie", COOKIE)], True),
    "among others": ([("cookie", f"a=b; {COOKIE}; c=d")], True),
    "after a false one": ([("cookie", f"wesktop-app-{PORT}=x; {COOKIE}")], True),
    "the bearer token": ([("authorization", f"Bearer {ACCESS.bearer}")], True),
    "in another case": ([("authorization", f"bearer {ACCESS.bearer}")], True),
    "with a false cookie": (
        [("cookie", f"wesktop-app-{PORT}=x"), ("authorization", f"Bearer {ACCESS.bearer}")],
        True,
    ),
    "nothing": ([], False),
    "an empty cookie": ([("cookie", "")], False),
    "a wrong value": ([("cookie", f"wesktop-app-{PORT}={'d' * 64}")], False),
    "a short value": ([("cookie", COOKIE[:-1])], False),
    "a long value": ([("cookie", COOKIE + "c")], False),
    "no value": ([("cookie", f"wesktop-app-{PORT}=")], False),
    "of another app": ([("cookie", f"wesktop-other-{PORT}={ACCESS.cookie}")], False),
    "of another port": ([("cookie", f"wesktop-app-8001={ACCESS.cookie}")], False),
    "a longer name": ([("cookie", f"x{COOKIE}")], False),
    "in another's value": ([("cookie", f"a={COOKIE}")], False),
    "the bearer token as a cookie": ([("cookie", f"wesktop-app-{PORT}={ACCESS.bearer}")], False),
    "the cookie as a bearer token": ([("authorization", f"Bearer {ACCESS.cookie}")], False),
    "another scheme": ([("authorization", f"Basic {ACCESS.bearer}")], False),
    "no scheme": ([("authorization", ACCESS.bearer)], False),
    "no token": ([("authorization", "Bearer")], False),
    "not ASCII": ([("authorization", "Bearer \xff"), ("cookie", f"wesktop-app-{PORT}=\xff")], False),
}

KINDS: dict[str, tuple[str, Pairs]] = {
    "a GET": ("GET", []),
    "a HEAD": ("HEAD", []),
    "an event stream": ("GET", [("accept", "text/event-stream")]),
    "a DELETE": ("DELETE", []),
    "a PUT of JSON": ("PUT", [("content-type", "application/json")]),
    "a simple POST of text": ("POST", [("content-type", "text/plain")]),
    "a simple POST of a form": ("POST", [("content-type", "application/x-www-form-urlencoded")]),
    "a preflight": ("OPTIONS", [("access-control-request-method", "POST")]),
    "a WebSocket": ("WEBSOCKET", [("upgrade", "websocket")]),
}


def given(name: str, value: str | None) -> Pairs:
    return [] if value is None else [(name, value)]


def expected(kind: str, *checks: tuple[bool, int]) -> int:
    """The status of the first check that fails, else the app's."""
    return next((status for passes, status in checks if not passes), 101 if KINDS[kind][0] == "WEBSOCKET" else 200)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("host", HOSTS, ids=repr)
def test_only_the_servers_own_names_are_answered(kind: str, host: str | None) -> None:
    method, headers = KINDS[kind]
    assert ask(guard(), method, [*given("host", host), *headers])[0] == expected(kind, (HOSTS[host], 421))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("origin", ORIGINS, ids=repr)
def test_pages_of_others_are_refused(kind: str, origin: str | None) -> None:
    method, headers = KINDS[kind]
    for site in SITES:
        request = [("host", "localhost:8000"), *given("origin", origin), *given("sec-fetch-site", site), *headers]
        wanted = expected(kind, (ORIGINS[origin] and SITES[site], 403))
        assert ask(guard(), method, request)[0] == wanted, site


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("credentials", CREDENTIALS)
def test_a_session_is_asked_for(kind: str, credentials: str) -> None:
    method, headers = KINDS[kind]
    shown, belongs = CREDENTIALS[credentials]
    request = [("host", "localhost:8000"), *shown, *headers]
    guarded = guard(session=SessionCheck(ACCESS, "app", PORT))
    assert ask(guarded, method, request)[0] == expected(kind, (belongs, 401))


@pytest.mark.parametrize("kind", KINDS)
def test_all_of_it_has_to_be_right(kind: str) -> None:
    method, headers = KINDS[kind]
    guarded = guard(session=SessionCheck(ACCESS, "app", PORT))
    few = [None, "localhost:8000", "evil.example:8000"], [None, "http://localhost:8000", "null"], SITES, CREDENTIALS
    for host, origin, site, credentials in itertools.product(*few):
        shown, belongs = CREDENTIALS[credentials]
        request = [*given("host", host), *given("origin", origin), *given("sec-fetch-site", site), *shown, *headers]
        wanted = expected(kind, (HOSTS[host], 421), (ORIGINS[origin] and SITES[site], 403), (belongs, 401))
        assert ask(guarded, method, request)[0] == wanted, (host, origin, site, credentials)


@pytest.mark.parametrize(
    ("name", "first", "second", "status"),
    [
        ("host", "localhost:8000", "evil.example", 421),
        ("host", "evil.example", "localhost:8000", 421),
        ("host", "localhost:8000", "localhost:8000", 421),
        ("origin", "http://localhost:8000", "http://evil.example", 403),
        ("origin", "http://evil.example", "http://localhost:8000", 403),
        ("sec-fetch-site", "cross-site", "same-origin", 403),
        ("accept", "text/html", "text/plain", 200),
    ],
)
def test_what_decides_may_be_there_once(name: str, first: str, second: str, status: int) -> None:
    own = [] if name == "host" else [("host", "localhost:8000")]
    assert ask(guard(), "GET", [*own, (name, first), (name, second)])[0] == status


@pytest.mark.parametrize(
    ("allowed", "host", "status"),
    [
        (["app.example"], "app.example", 200),
        (["app.example"], "APP.example:8443", 200),
        (["app.example"], "app.example:x", 421),
        (["app.example"], "sub.app.example", 421),
        (["app.example:8443"], "app.example:8443", 200),
        (["app.example:8443"], "app.example", 421),
        (["app.example:8443"], "app.example:8000", 421),
        (["[2001:db8::1]"], "[2001:db8::1]:9", 200),
    ],
)
def test_further_hosts_can_be_allowed(allowed: list[str], host: str, status: int) -> None:
    assert ask(guard(allowed_hosts=allowed), "GET", [("host", host)])[0] == status


def test_port_80_may_be_left_out() -> None:
    assert ask(Guard(app, port=80), "GET", [("host", "localhost")])[0] == 200


def test_behind_tls_the_own_origin_is_that_of_https() -> None:
    scope_of = {"https://localhost:8000": 200, "http://localhost:8000": 403}
    for origin, status in scope_of.items():
        sent: list[Any] = []

        async def send(message: Any, sent: list[Any] = sent) -> None:
            sent.append(message)

        headers = [(b"host", b"localhost:8000"), (b"origin", origin.encode())]
        scope = {"type": "http", "scheme": "https", "method": "POST", "path": "/", "headers": headers}
        asyncio.run(_awaited(guard()(scope, None, send)))
        assert sent[0]["status"] == status


async def _awaited(call: Any) -> None:
    await call


DEV = "http://localhost:5173"


@pytest.mark.parametrize("site", [None, "same-site", "cross-site"])
def test_an_allowed_origin_may_ask_and_nothing_is_said_about_cors(site: str | None) -> None:
    request = [("host", "localhost:8000"), ("origin", DEV), *given("sec-fetch-site", site)]
    status, headers = ask(guard(allowed_origins=[DEV]), "POST", request)
    assert status == 200
    assert not [name for name in headers if name.startswith("access-control")]
    assert ask(guard(allowed_origins=[DEV]), "POST", [("host", "localhost:8000"), ("origin", f"{DEV}0")])[0] == 403


@pytest.mark.parametrize(
    ("origin", "asks", "status"), [(DEV, True, 200), (DEV, False, 401), ("http://localhost:8000", True, 401)]
)
def test_the_preflight_of_an_allowed_origin_needs_no_session(origin: str, asks: bool, status: int) -> None:
    guarded = guard(allowed_origins=[DEV], session=SessionCheck(ACCESS, "app", PORT))
    more = [("access-control-request-method", "PUT")] if asks else []
    assert ask(guarded, "OPTIONS", [("host", "localhost:8000"), ("origin", origin), *more])[0] == status


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("allowed_hosts", "http://app.example"),
        ("allowed_hosts", "app.example/"),
        ("allowed_hosts", "app.example:0"),
        ("allowed_hosts", "app.example:99999"),
        ("allowed_hosts", "*"),
        ("allowed_hosts", ""),
        ("allowed_origins", "localhost:5173"),
        ("allowed_origins", "http://localhost:5173/"),
        ("allowed_origins", "HTTP://localhost:5173"),
        ("allowed_origins", "null"),
        ("allowed_origins", "*"),
    ],
)
def test_what_can_be_no_host_or_origin_is_refused_by_name(option: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=r"give one such as") as caught:
        guard(**{option: [value]})
    assert repr(value) in str(caught.value)
