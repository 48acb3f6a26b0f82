"""Parameters of a type, the rest of a path, and routers within routers."""

import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi.memory import request
from wesktop.asgi import Request, Router, create_app
from wesktop.asgi.routing.patterns import parse


async def handler(_request: Request) -> None: ...


async def other(_request: Request) -> None: ...


ID = uuid.UUID("12345678-1234-5678-1234-567812345678")


@pytest.mark.parametrize(
    ("pattern", "path", "params"),
    [
        ("/{id:int}", "/42", {"id": 42}),
        ("/{id:int}", "/-7", {"id": -7}),
        ("/{id:int}", "/007", {"id": 7}),
        ("/{x:float}", "/1.5", {"x": 1.5}),
        ("/{x:float}", "/-2", {"x": -2.0}),
        ("/{u:uuid}", f"/{ID}", {"u": ID}),
        ("/{u:uuid}", f"/{str(ID).upper()}", {"u": ID}),
        ("/{a:int}/{b}", "/1/x", {"a": 1, "b": "x"}),
        ("/files/{path:path}", "/files/a/b/c.txt", {"path": "a/b/c.txt"}),
        ("/files/{path:path}", "/files/", {"path": ""}),
        ("/files/{path:path}", "/files//a/", {"path": "/a/"}),
        ("/{path:path}", "/", {"path": ""}),
        ("/{id:int}/{path:path}", "/3/a/b", {"id": 3, "path": "a/b"}),
    ],
)
def test_segment_that_fits_is_the_parameters_value(pattern: str, path: str, params: dict[str, Any]) -> None:
    router = Router()
    router.get(pattern)(handler)
    assert router.match("GET", path) == (handler, params)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/{id:int}", "/"), ("/{id:int}", "/a"), ("/{id:int}", "/1.0"), ("/{id:int}", "/+1"), ("/{id:int}", "/1_0"),
        ("/{id:int}", "/٣"), ("/{id:int}", "/ 1"), ("/{id:int}", "/1\n"), ("/{id:int}", "/" + "9" * 5000),
        ("/{x:float}", "/nan"), ("/{x:float}", "/inf"), ("/{x:float}", "/1e5"), ("/{x:float}", "/.5"),
        ("/{x:float}", "/" + "9" * 400), ("/{u:uuid}", f"/{ID.hex}"), ("/{u:uuid}", f"/{{{ID}}}"),
        ("/{u:uuid}", "/12345678"), ("/files/{path:path}", "/files"), ("/files/{path:path}", "/file/a"),
    ],
)  # fmt: skip
def test_segment_that_does_not_fit_is_no_match(pattern: str, path: str) -> None:
    router = Router()
    router.get(pattern)(handler)
    assert router.match("GET", path) is None
    assert request(create_app(router), "GET", path).status == 404


def test_the_most_special_route_is_taken_in_any_order_of_registration() -> None:
    router = Router()
    patterns = ["/{rest:path}", "/{name}", "/{x:float}", "/{id:int}", "/{u:uuid}", "/me"]
    for pattern in patterns:
        router.add_route("GET", pattern, lambda _request, pattern=pattern: pattern)
    paths = ["/a/b", "/you", "/1.5", "/42", f"/{ID}", "/me"]
    found = [router.match("GET", path) for path in paths]
    assert [match and match[0](None) for match in found] == patterns


def test_the_rest_is_tried_when_nothing_else_fits_below() -> None:
    router = Router()
    router.get("/a/{x}/end")(handler)
    router.get("/{rest:path}")(other)
    assert router.match("GET", "/a/b/end") == (handler, {"x": "b"})
    assert router.match("GET", "/a/b/other") == (other, {"rest": "a/b/other"})


def test_two_parameters_of_one_kind_in_one_place_are_the_same_route() -> None:
    router = Router()
    router.get("/{a:int}")(handler)
    router.get("/{a}")(handler)
    for again in ("/{b:int}", "/{b}"):
        with pytest.raises(ValueError, match="registered already"):
            router.get(again)(other)


SEGMENTS = st.sampled_from(["", "a", "b", "1", "-2", "1.5", str(ID), "x y", "ü"])
PARTS = st.sampled_from(["a", "b", "", "{p}", "{p:int}", "{p:float}", "{p:uuid}"])


def fits(pattern: str, path: str) -> tuple[int, ...] | None:
    """A naive model: how special the pattern is, segment by segment, where it fits the path."""
    parts, segments = pattern.split("/"), path.split("/")
    ranks = {":uuid}": 1, ":int}": 2, ":float}": 3}
    rank: list[int] = []
    for number, part in enumerate(parts):
        if part.endswith(":path}"):
            return (*rank, 9) if number < len(segments) else None
        if number >= len(segments):
            return None
        segment = segments[number]
        if "{" not in part:
            if part != segment:
                return None
            rank.append(0)
            continue
        kind = part[part.find(":") :] if ":" in part else ""
        good = {
            "": bool(segment),
            ":int}": segment in ("1", "-2"),
            ":float}": segment in ("1", "-2", "1.5"),
            ":uuid}": segment == str(ID),
        }
        if not good[kind]:
            return None
        rank.append(ranks.get(kind, 4))
    return tuple(rank) if len(parts) == len(segments) else None


def named(parts: list[str]) -> str:
    """A pattern of these parts, each parameter with a name of its own."""
    return "/" + "/".join(part.replace("{p", f"{{p{number}") for number, part in enumerate(parts))


@given(
    st.lists(
        st.tuples(st.lists(PARTS, min_size=1, max_size=3), st.booleans()), max_size=6, unique_by=lambda x: repr(x)
    ),
    st.lists(SEGMENTS, min_size=1, max_size=4),
)
def test_a_router_finds_what_a_naive_one_finds(shapes: list[tuple[list[str], bool]], segments: list[str]) -> None:
    router, patterns = Router(), []
    for parts, rest in shapes:
        pattern = named([*parts, *(["{rest:path}"] if rest else [])])
        router.add_route("GET", pattern, lambda _request, pattern=pattern: pattern)
        patterns.append(pattern)
    path = "/" + "/".join(segments)
    ranked = sorted((rank, pattern) for pattern in patterns if (rank := fits(pattern, path)) is not None)
    found = router.match("GET", path)
    assert (found and found[0](None)) == (ranked[0][1] if ranked else None)
    if found is not None:
        assert set(found[1]) == {parameter.name for parameter in parse(ranked[0][1]).parameters}


def test_an_included_router_answers_below_its_prefix() -> None:
    api, router = Router(), Router()
    api.get("/users/{id:int}")(lambda request: request.path_params)
    api.post("/")(lambda _request: "made")
    router.get("/")(lambda _request: "home")
    router.include(api, "/api/{version}")
    app = create_app(router)
    assert request(app, "GET", "/api/v1/users/3").json == {"version": "v1", "id": 3}
    assert request(app, "POST", "/api/v2/").text == "made"
    assert request(app, "GET", "/").text == "home"
    assert request(app, "GET", "/users/3").status == 404


@pytest.mark.parametrize("prefix", ["api", "/api/", "/", "/{", "/{id}"])
def test_a_prefix_that_does_not_fit_is_refused_and_nothing_is_added(prefix: str) -> None:
    inner, router = Router(), Router()
    inner.get("/a")(handler)
    inner.get("/{id}")(handler)
    with pytest.raises(ValueError, match=r"prefix|pattern"):
        router.include(inner, prefix)
    assert router.allowed_methods("/a") == router.allowed_methods(f"{prefix}/a") == []


def test_including_what_exists_is_refused() -> None:
    inner, router = Router(), Router()
    inner.get("/new")(handler)
    inner.get("/a")(handler)
    router.get("/a")(handler)
    with pytest.raises(ValueError, match="registered already"):
        router.include(inner)
    assert router.match("GET", "/new") is None


@pytest.mark.parametrize(
    ("method", "path", "location"),
    [
        ("GET", "/a/", "/a"), ("GET", "/b", "/b/"), ("POST", "/b?x=1&y=%2F", "/b/?x=1&y=%2F"),
        ("GET", "/ü", "/%C3%BC/"), ("GET", "/a//", "/a"),
    ],
)  # fmt: skip
def test_slashes_are_redirected_where_that_is_asked_for(method: str, path: str, location: str) -> None:
    router = Router()
    router.get("/a")(handler)
    for known in ("/b/", "/ü/"):
        router.get(known)(handler)
        router.post(known)(handler)
    path, _, query = path.partition("?")
    answer = request(create_app(router, redirect_slashes=True), method, path, query=query)
    assert (answer.status, answer.header("location")) == (308, location)
    assert request(create_app(router), method, path).status == 404


@pytest.mark.parametrize("path", ["//evil.example/a", "//evil.example", "/", "//", "/c"])
def test_no_other_site_and_no_missing_page_is_redirected_to(path: str) -> None:
    router = Router()
    router.get("//evil.example/a/")(handler)
    router.get("//evil.example/")(handler)
    answer = request(create_app(router, redirect_slashes=True), "GET", path)
    assert answer.status == 404
