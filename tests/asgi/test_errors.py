"""What is answered to errors: the app's own handlers, HTTPError, and what nobody expected."""

import logging
import re
from base64 import b64encode
from hashlib import sha256
from typing import Any

import pytest

from asgi.memory import body_messages, request
from wesktop.asgi import FileResponse, HTTPError, JSONResponse, Request, Router, create_app

BROWSER = [("accept", "text/html,application/xhtml+xml,*/*;q=0.8")]


class MissingError(LookupError):
    """An error of the app's own."""


def raising(error: Exception) -> Any:
    async def handler(_request: Request) -> None:
        raise error

    return handler


def test_an_http_error_is_its_answer(caplog: pytest.LogCaptureFixture) -> None:
    router = Router()
    router.get("/")(raising(HTTPError(403, "not yours", headers={"X-Why": "because"})))
    router.get("/plain")(raising(HTTPError(404)))
    router.get("/data")(raising(HTTPError(422, {"field": "name"})))
    answer = request(create_app(router))
    assert (answer.status, answer.json, answer.header("x-why")) == (403, {"error": "not yours"}, "because")
    assert request(create_app(router), "GET", "/plain").json == {"error": "not found"}
    assert request(create_app(router), "GET", "/data").json == {"error": {"field": "name"}}
    assert caplog.records == []


@pytest.mark.parametrize("status", [200, 399, 600, 0])
def test_a_status_that_is_no_error_is_refused(status: int) -> None:
    with pytest.raises(ValueError, match="error"):
        HTTPError(status)


def test_the_handler_of_the_nearest_type_answers_async_or_not() -> None:
    router = Router()
    router.get("/missing")(raising(MissingError("it")))
    router.get("/key")(raising(KeyError("k")))
    router.get("/value")(raising(ValueError("v")))

    @router.error_handler(LookupError)
    def lookup(request: Request, error: LookupError) -> JSONResponse:
        return JSONResponse({"path": request.path, "error": str(error)}, 404)

    @router.error_handler(MissingError)
    async def missing(_request: Request, error: MissingError) -> dict[str, str]:
        return {"missing": str(error)}

    app = create_app(router)
    assert request(app, "GET", "/missing").json == {"missing": "it"}
    assert request(app, "GET", "/key").json == {"path": "/key", "error": "'k'"}
    assert request(app, "GET", "/value").status == 500


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("POST", "/", 405),
        ("GET", "/file", 404),
        ("GET", "/assets/x", 404),
        ("PUT", "/", 413),
    ],
)
def test_a_status_has_one_handler_whoever_raises_it(method: str, path: str, status: int, tmp_path: Any) -> None:
    router = Router()
    router.get("/")(lambda _request: "home")
    router.put("/")(lambda _request: "put")
    router.get("/file")(lambda _request: FileResponse(tmp_path / "missing"))

    @router.error_handler(status)
    def page(_request: Request, error: HTTPError) -> JSONResponse:
        return JSONResponse({"page": error.status}, error.status, headers=error.headers)

    app = create_app(router, static_dir=tmp_path, max_body_size=3)
    sent = [("content-length", "4")] if method == "PUT" else []
    answer = request(app, method, path, sent, messages=body_messages(b"long"))
    assert (answer.status, answer.json) == (status, {"page": status})
    if status == 405:
        assert answer.header("allow") == "GET, HEAD, PUT, OPTIONS"


def test_what_nobody_expected_is_logged_and_then_answered_by_the_handler_of_500(
    caplog: pytest.LogCaptureFixture,
) -> None:
    router = Router()
    router.get("/")(raising(ValueError("secret")))
    router.error_handler(500)(lambda _request, _error: JSONResponse("sorry", 500))
    answer = request(create_app(router))
    assert (answer.status, answer.json) == (500, "sorry")
    assert "ValueError: secret" in caplog.text


@pytest.mark.parametrize("key", [ValueError, 500])
def test_a_handler_that_fails_is_answered_plainly(key: Any, caplog: pytest.LogCaptureFixture) -> None:
    router = Router()
    router.get("/")(raising(ValueError("first")))
    router.error_handler(key)(raising_in_handler)
    answer = request(create_app(router))
    assert (answer.status, answer.json["error"]) == (500, "internal server error")
    assert answer.json["id"] in caplog.text
    assert "RuntimeError: second" in caplog.text


def raising_in_handler(_request: Request, _error: Exception) -> None:
    raise RuntimeError("second")


def test_an_error_handler_may_answer_with_an_http_error() -> None:
    router = Router()
    router.get("/")(raising(KeyError("k")))

    @router.error_handler(KeyError)
    async def translate(_request: Request, _error: KeyError) -> None:
        raise HTTPError(410, "gone")

    assert request(create_app(router)).json == {"error": "gone"}


@pytest.mark.parametrize(("key", "error"), [(200, ValueError), ("x", TypeError), (int, TypeError), (404, ValueError)])
def test_a_key_that_is_no_error_or_is_taken_is_refused(key: Any, error: type[Exception]) -> None:
    router = Router()
    router.error_handler(404)(lambda *_: None)
    with pytest.raises(error):
        router.error_handler(key)(lambda *_: None)


def test_the_error_handlers_of_an_included_router_hold_for_the_whole_app() -> None:
    inner, router = Router(), Router()
    inner.error_handler(404)(lambda _request, _error: JSONResponse("lost", 404))
    router.include(inner, "/api")
    router.include(inner, "/again")
    assert request(create_app(router), "GET", "/elsewhere").json == "lost"


IN_SESSION: dict[str, Any] = {"wesktop.session": True}


def test_a_browser_is_shown_the_traceback_in_debug_mode_and_in_a_session_alone() -> None:
    router = Router()

    async def failing(_request: Request) -> None:
        try:
            raise KeyError("inner <b>")
        except KeyError as error:
            raise ValueError("outer <script>") from error

    router.get("/")(failing)
    page = request(create_app(router, debug=True), headers=BROWSER, **IN_SESSION)
    assert page.status == 500
    assert page.header("content-type") == "text/html; charset=utf-8"
    for shown in ("ValueError", "outer &lt;script&gt;", "inner &lt;b&gt;", "Caused by", "raise KeyError(", "failing"):
        assert shown in page.text
    assert "<script>" not in page.text
    assert "app.py" not in page.text, "frames of ours"
    program = [("accept", "*/*")]
    for debug, headers, scope in ((True, program, IN_SESSION), (True, BROWSER, {}), (False, BROWSER, IN_SESSION)):
        answer = request(create_app(router, debug=debug), headers=headers, **scope)
        assert answer.json["error"] == "internal server error"
        assert "outer" not in answer.text


def test_an_exception_that_goes_in_a_circle_has_a_page_too() -> None:
    async def failing(_request: Request) -> None:
        first, second = ValueError("one"), ValueError("two")
        first.__cause__, second.__cause__ = second, first
        raise first

    router = Router()
    router.get("/")(failing)
    assert "two" in request(create_app(router, debug=True), headers=BROWSER, **IN_SESSION).text


MARKUP = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'onload=alert(3) style=color:red"


class UnprintableError(Exception):
    def __str__(self) -> str:
        raise KeyError(MARKUP)


@pytest.mark.parametrize("error", [ValueError(MARKUP), type(MARKUP, (Exception,), {})(), UnprintableError()])
def test_nothing_of_an_exception_or_a_request_is_markup_in_its_page(error: Exception) -> None:
    router = Router()
    router.get("/{path:path}")(raising(error))
    path = "/" + MARKUP + "\udcff"
    page = request(create_app(router, debug=True), "GET", path, [*BROWSER, ("x", MARKUP)], **IN_SESSION)
    tags = set(re.findall(r"<([a-z0-9!/]+)", page.text))
    assert {tag.strip("/") for tag in tags} <= {
        "!doctype", "html", "meta", "title", "style", "h1", "h2", "b", "p", "section", "header", "i", "pre", "span",
    }  # fmt: skip
    assert not re.search(r"<[^>]*\s(on[a-z]+|style|src)=", page.text)
    style = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)
    digest = b64encode(sha256(style[0].encode()).digest()).decode()
    policy = page.header("content-security-policy") or ""
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; ")


def test_each_unexpected_error_has_an_id_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    router = Router()
    router.get("/")(raising(ValueError("x")))
    app = create_app(router)
    ids = {request(app).json["id"] for _ in range(3)}
    assert len(ids) == 3
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 3
