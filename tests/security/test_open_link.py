"""The way in: a one-time token, exchanged for the session's cookie."""

import itertools

import pytest

from security.guarded import ACCESS, COOKIE, PORT, Pairs, ask, guard, redeem
from wesktopd.guard.local_path import local_path
from wesktopd.guard.login import token_and_path
from wesktopd.guard.middleware import Guard
from wesktopd.guard.session import SessionCheck
from wesktopd.guard.tokens import LIFETIME, MAX_TOKENS, OPEN_PATH, OneTimeTokens, one_time_link

HOST: Pairs = [("host", "localhost:8000")]


@pytest.fixture
def guarded() -> Guard:
    return guard(session=SessionCheck(ACCESS, "app", PORT), redeem=redeem)


def test_a_good_token_is_exchanged_for_a_cookie(guarded: Guard) -> None:
    status, headers = ask(guarded, "GET", HOST, OPEN_PATH, "token=good")
    assert (status, headers["location"]) == (303, "/")
    assert headers["set-cookie"] == f"{COOKIE}; Path=/; HttpOnly; SameSite=Strict"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert ask(guarded, "GET", [*HOST, ("cookie", headers["set-cookie"].partition(";")[0])])[0] == 200


@pytest.mark.parametrize(
    "query", ["", "token=", "token=bad", "token=bad&token=good", "x=good", "token=%ff", "token=" + "x" * 9000]
)
def test_without_one_nobody_gets_in(guarded: Guard, query: str) -> None:
    status, headers = ask(guarded, "GET", HOST, OPEN_PATH, query)
    assert status == 401
    assert "set-cookie" not in headers
    assert headers["www-authenticate"] == "Bearer"


def test_a_token_counts_in_a_links_query_alone(guarded: Guard) -> None:
    link = f"http://localhost:8000{OPEN_PATH}?token=good"
    for header in ("referer", "cookie", "authorization"):
        assert ask(guarded, "GET", [*HOST, (header, link)], OPEN_PATH)[0] == 401
    assert ask(guarded, "GET", HOST, "/", "token=good")[0] == 401
    assert ask(guarded, "GET", HOST, f"{OPEN_PATH}/", "token=good")[0] == 401


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_site_opens_is_led_on_by_a_page_of_ours(guarded: Guard, site: str) -> None:
    request = [*HOST, ("sec-fetch-site", site)]
    status, headers = ask(guarded, "GET", request, OPEN_PATH, "token=good&to=/a?b%3D%22c")
    assert status == 200
    assert headers["set-cookie"].startswith(COOKIE)
    assert headers["content-type"].startswith("text/html")


def test_who_is_in_is_led_on_without_a_token(guarded: Guard) -> None:
    status, headers = ask(guarded, "GET", [*HOST, ("cookie", COOKIE)], OPEN_PATH, "token=used&to=/there")
    assert (status, headers["location"]) == (303, "/there")
    assert "set-cookie" not in headers


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("token", ["", "token=used&"])
def test_another_sites_page_is_not_led_on_by_a_cookie(guarded: Guard, site: str, token: str) -> None:
    request: Pairs = [*HOST, ("cookie", COOKIE), ("sec-fetch-site", site)]
    assert ask(guarded, "GET", request, OPEN_PATH, f"{token}to=/delete")[0] == 401


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "OPTIONS", "WEBSOCKET"])
def test_a_link_is_opened_by_get_alone(guarded: Guard, method: str) -> None:
    status, headers = ask(guarded, method, HOST, OPEN_PATH, "token=good")
    assert status == 405
    assert "set-cookie" not in headers


def test_a_foreign_host_cannot_open_a_link(guarded: Guard) -> None:
    assert ask(guarded, "GET", [("host", "evil.example:8000")], OPEN_PATH, "token=good")[0] == 421


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/", "/"),
        ("/a/b?c=d&e=%20#f", "/a/b?c=d&e=%20#f"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("http://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("a", "/"),
        ("", "/"),
        ("/a\r\nset-cookie: b=c", "/"),
        ("/\t/evil.example", "/"),
        ("/a b", "/"),
        ("/\xe9", "/"),
        ("/notes/../danger", "/"),
        ("/notes/./danger", "/"),
        ("/..", "/"),
        ("/.", "/"),
        ("/notes/..?a", "/"),
        ("/notes/..#a", "/"),
        ("/notes/%2e%2E/danger", "/"),
        ("/notes/.%2e/danger", "/"),
        ("/notes/%2e/danger", "/"),
        ("/notes/..%2fdanger", "/"),
        ("/notes/x%2F..%2Fdanger", "/"),
        ("/notes/..%5cdanger", "/"),
        ("/notes\\..\\danger", "/"),
        ("/notes/..\\danger", "/"),
        ("/notes/.../a", "/notes/.../a"),
        ("/notes/a..b/.c", "/notes/a..b/.c"),
        ("/notes/%252e%252e/a", "/notes/%252e%252e/a"),
        ("/notes?to=../a/./b", "/notes?to=../a/./b"),
        ("/notes#/../a", "/notes#/../a"),
    ],
)
def test_a_link_leads_to_a_path_of_the_app(path: str, leads_to: str) -> None:
    assert local_path(path) == leads_to


@pytest.mark.parametrize("path", ["/", "/a", "/a?b=c&d=e", "/a%20b#c", "/a+b;c=%26"])
def test_a_link_says_where_it_leads(path: str) -> None:
    link = one_time_link("http://127.0.0.1:8000", "t", path)
    assert token_and_path(link.partition("?")[2].encode()) == ("t", path)


# The tokens that are out.


def test_a_token_is_good_once() -> None:
    tokens = OneTimeTokens()
    first, second = tokens.mint(0.0), tokens.mint(0.0)
    assert first != second
    assert [tokens.redeem(token, 1.0) for token in (first, first, second, second)] == [True, False, True, False]


@pytest.mark.parametrize("age", [LIFETIME, LIFETIME + 1, 1e9])
def test_a_token_is_good_for_seconds(age: float) -> None:
    tokens = OneTimeTokens()
    token = tokens.mint(100.0)
    assert not tokens.redeem(token, 100.0 + age)
    assert tokens.redeem(tokens.mint(200.0), 200.0 + LIFETIME - 0.001)


@pytest.mark.parametrize("value", ["", "x", "\ud800", "\xff" * 64, "a" * 100_000])
def test_what_is_no_token_is_refused(value: str) -> None:
    tokens = OneTimeTokens()
    tokens.mint(0.0)
    assert not tokens.redeem(value, 0.0)


def test_whoever_minted_is_raised_of_the_end_once() -> None:
    tokens = OneTimeTokens()
    told: list[bool] = []
    used, given_up = tokens.mint(0.0, told.append), tokens.mint(0.0, told.append)
    assert tokens.redeem(used, 1.0)
    tokens.expire(LIFETIME)
    assert not tokens.redeem(given_up, LIFETIME)
    assert told == [True, False]


def test_there_is_an_end_to_how_many_are_out() -> None:
    tokens = OneTimeTokens()
    minted = [tokens.mint(0.0) for _ in range(MAX_TOKENS + 1)]
    assert len(set(minted)) == len(minted)
    assert [tokens.redeem(token, 0.0) for token in itertools.islice(minted, 2)] == [False, True]
