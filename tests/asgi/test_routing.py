import functools
from collections.abc import AsyncIterator
from typing import Any

import pytest

from wesktop.asgi import Request, Router, add_ws_route, create_app
from wesktop.testing import TestClient


async def handler(_request: Request) -> None: ...


async def other(_request: Request) -> None: ...


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_decorator_registers_its_method_and_returns_the_function(method: str) -> None:
    router = Router()
    assert getattr(router, method)("/a")(handler) is handler
    assert router.match(method.upper(), "/a") == (handler, {})
    assert router.match("TRACE", "/a") is None


@pytest.mark.parametrize(
    ("pattern", "path", "params"),
    [
        ("/", "/", {}),
        ("/users", "/users", {}),
        ("/users/{id}", "/users/42", {"id": "42"}),
        ("/users/{id}/posts/{post}", "/users/1/posts/2", {"id": "1", "post": "2"}),
        ("/{a}/{b}", "/x/y", {"a": "x", "b": "y"}),
        ("/files/{name}", "/files/a b.txt", {"name": "a b.txt"}),
        ("/größe/{wert}", "/größe/ü", {"wert": "ü"}),
        ("/a/", "/a/", {}),
        ("/{id}/", "/1/", {"id": "1"}),
    ],
)
def test_path_matches(pattern: str, path: str, params: dict[str, str]) -> None:
    router = Router()
    router.add_route("GET", pattern, handler)
    assert router.match("GET", path) == (handler, params)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/users", "/users/"),
        ("/users/", "/users"),
        ("/users/{id}", "/users/"),
        ("/users/{id}", "/users"),
        ("/users/{id}", "/users/1/"),
        ("/users/{id}", "/users/1/2"),
        ("/users/{id}", "/Users/1"),
        ("/users/{id}/posts", "/users//posts"),
        ("/users/{id}", "/users/{id}/x"),
        ("/a", ""),
        ("/a", "*"),
    ],
)
def test_path_does_not_match(pattern: str, path: str) -> None:
    router = Router()
    router.add_route("GET", pattern, handler)
    assert router.match("GET", path) is None


def test_literal_segment_goes_before_a_parameter_in_any_order_of_registration() -> None:
    router = Router()
    router.get("/users/{id}/x")(other)
    router.get("/users/{id}")(other)
    router.get("/users/me")(handler)
    router.get("/users/me/{tab}")(handler)
    assert router.match("GET", "/users/me") == (handler, {})
    assert router.match("GET", "/users/me/x") == (handler, {"tab": "x"})
    assert router.match("GET", "/users/you") == (other, {"id": "you"})


def test_parameter_is_tried_when_the_literal_branch_ends_nowhere() -> None:
    router = Router()
    router.get("/a/b/c/{x}")(other)
    router.get("/a/{b}/d")(handler)
    assert router.match("GET", "/a/b/d") == (handler, {"b": "b"})


def test_parameter_names_may_differ_between_routes_of_one_shape() -> None:
    router = Router()
    router.get("/{user}/a")(handler)
    router.get("/{group}/b")(other)
    router.post("/{thing}/a")(other)
    assert router.match("GET", "/1/a") == (handler, {"user": "1"})
    assert router.match("GET", "/1/b") == (other, {"group": "1"})
    assert router.match("POST", "/1/a") == (other, {"thing": "1"})


def test_method_is_registered_and_matched_in_any_case() -> None:
    router = Router()
    router.add_route("purge", "/a", handler)
    assert router.match("PURGE", "/a") == router.match("Purge", "/a") == (handler, {})


def test_head_finds_the_handler_of_get_unless_it_has_its_own() -> None:
    router = Router()
    router.get("/a")(handler)
    router.get("/b/{x}")(handler)
    router.get("/c")(handler)
    router.add_route("HEAD", "/c", other)
    assert router.match("HEAD", "/a") == (handler, {})
    assert router.match("HEAD", "/b/1") == (handler, {"x": "1"})
    assert router.match("HEAD", "/c") == (other, {})


def test_allowed_methods_include_head_and_options() -> None:
    router = Router()
    router.post("/a")(handler)
    router.get("/a")(handler)
    router.delete("/{x}")(handler)
    router.post("/b/c")(handler)
    router.add_route("OPTIONS", "/o/o", handler)
    assert router.allowed_methods("/a") == ["POST", "GET", "HEAD", "DELETE", "OPTIONS"]
    assert router.allowed_methods("/b/c") == ["POST", "OPTIONS"]
    assert router.allowed_methods("/o/o") == ["OPTIONS"]
    assert router.allowed_methods("/b/c/d") == []


@pytest.mark.parametrize(
    "pattern",
    [
        "users", "{id}", "/{", "/}", "/{}", "/a{id}", "/{id}a", "/{id", "/id}", "/{{id}}", "/{a}{b}", "/{a b}",
        "/{1a}", "/{a-b}", "/{a.b}", "/{id}/{id}", "/{id:nix}", "/{id:}", "/{a:path}/b", "/{:int}",
        "/x/{a}/y/{b}/{a}",
    ],
)  # fmt: skip
def test_malformed_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        Router().add_route("GET", pattern, handler)


@pytest.mark.parametrize("method", ["", "GET POST", "G\r\nET", "GÉT", "GET/"])
def test_malformed_method_is_refused(method: str) -> None:
    with pytest.raises(ValueError, match="token"):
        Router().add_route(method, "/", handler)


@pytest.mark.parametrize(("first", "second"), [("/a", "/a"), ("/a/{x}", "/a/{x}"), ("/a/{x}", "/a/{y}")])
def test_second_registration_is_refused_and_changes_nothing(first: str, second: str) -> None:
    router = Router()
    router.get(first)(handler)
    with pytest.raises(ValueError, match="registered already"):
        router.add_route("get", second, other)
    found = router.match("GET", first.replace("{x}", "1"))
    assert found is not None
    assert found[0] is handler


@pytest.mark.parametrize("pattern", ["relative", "/{"])
def test_refused_registration_leaves_no_trace(pattern: str) -> None:
    router = Router()
    with pytest.raises(ValueError, match="pattern"):
        router.add_route("GET", pattern, handler)
    assert router.allowed_methods(pattern) == []


@pytest.mark.parametrize("wrong", [None, "handler", 3])
def test_handler_that_cannot_be_called_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="cannot be called"):
        Router().add_route("GET", "/", wrong)


async def generator(_request: Request) -> AsyncIterator[bytes]:
    yield b""


@pytest.mark.parametrize("wrong", [generator, functools.partial(generator)])
def test_async_generator_function_is_refused_with_the_remedy(wrong: Any) -> None:
    with pytest.raises(TypeError, match="StreamResponse"):
        Router().add_route("GET", "/", wrong)


@pytest.mark.parametrize(
    ("pattern", "ours"),
    [
        ("/a/<id>", "{id}"), ("/a/<int:id>/b", "{id:int}"), ("/<path:rest>", "{rest:path}"), ("/<string:x>", "{x}"),
        ("/<string(length=2):x>", "{x}"), ("/a/:id", "{id}"), ("/:id/b", "{id}"),
    ],
)  # fmt: skip
def test_a_parameter_in_the_form_of_another_framework_is_refused_with_ours(pattern: str, ours: str) -> None:
    with pytest.raises(ValueError, match="write") as raised:
        Router().add_route("GET", pattern, handler)
    assert f"'{ours}'" in str(raised.value)


@pytest.mark.parametrize("path", ["/a:b", "/a/:", "/a/:1", "/<", "/a<b>", "/tasks/1:cancel", "/<>"])
def test_colons_and_angle_brackets_are_literals_elsewhere(path: str) -> None:
    router = Router()
    router.add_route("GET", path, handler)
    assert router.match("GET", path) == (handler, {})


def test_an_included_router_can_have_a_route_at_its_prefix() -> None:
    notes, router = Router(), Router()
    notes.get("")(handler)
    notes.get("/{id:int}")(other)
    router.include(notes, "/api/notes")
    assert router.match("GET", "/api/notes") == (handler, {})
    assert router.match("GET", "/api/notes/3") == (other, {"id": 3})
    assert router.match("GET", "/api/notes/") is None
    create_app(router)


def test_an_app_has_no_route_at_the_empty_path() -> None:
    router = Router()
    router.get("")(handler)
    with pytest.raises(ValueError, match="''"):
        create_app(router)


def test_an_encoded_slash_separates_segments_as_any_other_does() -> None:
    router = Router()
    router.get("/one/{key}")(handler)
    router.get("/rest/{key:path}")(keys)
    with TestClient(create_app(router)) as client:
        assert client.get("/one/a%2Fb").status_code == 404
        assert client.get("/rest/a%2Fb").text == "a/b"


async def keys(request: Request) -> str:
    return str(request.path_params["key"])


class Handlers:
    async def method(self, _request: Request) -> None: ...

    async def without(self) -> None: ...

    @classmethod
    async def of_class(cls, _request: Request) -> None: ...

    @staticmethod
    async def static(_request: Request) -> None: ...


def decorated(function: Any) -> Any:
    @functools.wraps(function)
    async def wrapper(*arguments: Any) -> Any:
        return await function(*arguments, "more")

    return wrapper


class Callable:
    def __call__(self, _request: Request) -> None: ...


@pytest.mark.parametrize(
    "takes_one",
    [
        Handlers().method, Handlers.of_class, Handlers.static, lambda _request, _x=1: None, lambda *_: None,
        lambda _request, *, _x=1: None, functools.partial(lambda _x, _request: None, 1), Callable(), str,
        decorated(lambda _request, _more: None),
    ],
)  # fmt: skip
def test_a_handler_is_what_can_be_called_with_a_request(takes_one: Any) -> None:
    Router().add_route("GET", "/", takes_one)


@pytest.mark.parametrize(
    "refused",
    [
        Handlers().without, Handlers.method, lambda: None, lambda _a, _b: None, lambda _request, *, _x: None,
        lambda **_: None, functools.partial(lambda _request: None, 1), functools.partial(lambda: None),
    ],
)  # fmt: skip
def test_a_handler_that_cannot_be_called_with_a_request_is_refused_when_it_is_registered(refused: Any) -> None:
    with pytest.raises(TypeError, match="request"):
        Router().add_route("GET", "/", refused)


def test_handlers_of_websockets_and_errors_are_checked_likewise() -> None:
    async def without() -> None: ...

    for register in (Router().websocket("/"), Router().error_handler(404)):
        with pytest.raises(TypeError, match="must take"):
            register(without)
    with pytest.raises(TypeError, match="scope, receive, send"):
        add_ws_route("/never", without)  # type: ignore[arg-type]
