"""Who is shown the traceback page: it has lines of the app's source."""

import pytest

from security.guarded import ACCESS, COOKIE, PORT, Pairs, ask
from wesktop.asgi import Request, Router, create_app
from wesktopd.guard.middleware import Guard
from wesktopd.guard.session import SessionCheck

BROWSER: Pairs = [("host", f"localhost:{PORT}"), ("accept", "text/html")]
ORIGIN = "http://localhost:5173"
JSON, HTML = "application/json", "text/html; charset=utf-8"


def guarded(*, session: bool) -> Guard:
    router = Router()

    @router.get("/")
    @router.post("/")
    async def failing(_request: Request) -> None:
        raise ValueError("its own")

    router.add_route("OPTIONS", "/", failing)
    found = SessionCheck(ACCESS, "app", PORT) if session else None
    app = create_app(router, debug=True)
    return Guard(app, port=PORT, name="app", session=found, allowed_origins=[ORIGIN])


@pytest.mark.parametrize(
    ("session", "method", "headers", "status", "content_type"),
    [
        (True, "GET", [("cookie", COOKIE)], 500, HTML),
        (True, "GET", [("cookie", COOKIE), ("sec-fetch-site", "none")], 500, HTML),
        (True, "GET", [("authorization", f"Bearer {ACCESS.bearer}")], 500, HTML),
        (True, "POST", [("cookie", COOKIE), ("origin", f"http://localhost:{PORT}")], 500, HTML),
        (True, "GET", [], 401, HTML),
        (True, "OPTIONS", [("origin", ORIGIN), ("access-control-request-method", "POST")], 500, JSON),
        (False, "GET", [], 500, JSON),
        (False, "GET", [("cookie", COOKIE)], 500, JSON),
        (False, "POST", [("origin", f"http://localhost:{PORT}")], 500, JSON),
    ],
)
def test_the_session_alone_is_shown_the_traceback(
    session: bool, method: str, headers: Pairs, status: int, content_type: str
) -> None:
    found, sent = ask(guarded(session=session), method, [*BROWSER, *headers])
    assert (found, sent["content-type"]) == (status, content_type)
