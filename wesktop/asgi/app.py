"""Putting an application together: a chain of ASGI apps, each of which hands on what is not its own."""

import os
from collections.abc import Callable, Sequence
from typing import Any

from wesktop.asgi.bodies import MAX_BODY_SIZE, BodyCutShortError, BodyTooLargeError, has_body, read_body
from wesktop.asgi.lifespan import Lifespan
from wesktop.asgi.reporting import log_exception
from wesktop.asgi.requests import Request
from wesktop.asgi.responses import EmptyResponse, Response, as_response, error_response, not_allowed, not_found
from wesktop.asgi.routing import Router
from wesktop.asgi.static import SinglePage, StaticFiles
from wesktop.asgi.types import ASGIApp, Receive, Scope, Send
from wesktop.asgi.websockets import WebSockets


def create_app(
    router: Router,
    *,
    middleware: Sequence[type] | None = None,
    static_dir: str | os.PathLike[str] | None = None,
    static_path: str = "/assets",
    spa_fallback: str | os.PathLike[str] | None = None,
    lifespan: Callable[..., Any] | None = None,
    name: str | None = None,
    max_body_size: int | None = MAX_BODY_SIZE,
) -> ASGIApp:
    """Make the ASGI application that serves *router*.

    Parameters:
        router: the routes; they are asked first.
        middleware: ASGI middleware classes, outermost first; each is called with the app it wraps, and sees requests,
            WebSockets and the lifespan.
        static_dir: a directory whose files are served under *static_path* ("/assets").
        spa_fallback: a page for every GET that nothing else answers and that accepts HTML.
        lifespan: a callable that returns an async context manager, or an async generator function; entered at
            startup and left at shutdown; takes no argument or the app. A dict that it yields is every request's
            `state`.
        name: the name of the logger, "wesktop" unless given.
        max_body_size: the longest request body in bytes, 64 MiB unless given; None for no limit. A longer one is
            answered with 413.

    Raises ValueError when *static_dir* or *spa_fallback* does not exist or *static_path* has no leading slash, and
    TypeError for a lifespan that cannot be called so.
    """
    logger = name or "wesktop"
    http: ASGIApp = Unmatched(router)
    if spa_fallback is not None:
        http = SinglePage(spa_fallback, http)
    if static_dir is not None:
        http = StaticFiles(static_dir, static_path, http)
    http = Routes(router, http, logger, max_body_size)
    life = Lifespan(lifespan, logger)
    app: ASGIApp = ByScopeType(http=http, websocket=WebSockets(logger), lifespan=life)
    for wrap in reversed(middleware or ()):
        app = wrap(app)
    life.app = app
    return app


class ByScopeType:
    """The ASGI app that hands each scope to the app for its type; raises RuntimeError for a type that has none."""

    def __init__(self, **apps: ASGIApp) -> None:
        self.apps = apps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self.apps.get(scope["type"])
        if app is None:
            raise RuntimeError(f"scope type {scope['type']!r} is not one of {', '.join(self.apps)}")
        await app(scope, receive, send)


class Routes:
    """The ASGI app of a router's handlers; a request without a route goes on to *next_app*."""

    def __init__(self, router: Router, next_app: ASGIApp, logger: str, max_body_size: int | None) -> None:
        self.router = router
        self.next_app = next_app
        self.logger = logger
        self.max_body_size = max_body_size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self.router.find(scope["method"], scope["path"])
        if found is None:
            await self.next_app(scope, receive, send)
            return
        route, path_params = found
        response: Response
        try:
            headers = dict(scope["headers"])
            body = None
            if has_body(headers, scope.get("http_version")):
                body = await read_body(headers, receive, self.max_body_size)
            response = as_response(await route.call(Request(scope, path_params, body)))
        except BodyTooLargeError:
            response = error_response(413, "request body too large")
        except BodyCutShortError:
            response = error_response(
                400, "request body cut short"
            )  # whoever broke the framing is still there to read it
        except Exception:
            log_exception(self.logger, "%s %s failed", scope["method"], scope["path"])
            response = error_response(500, "internal server error")
        # Outside of the try: once a response has started, an exception can only end the connection.
        await response(scope, receive, send)


class Unmatched:
    """The ASGI app at the end of the chain: OPTIONS of a route, 405 for its other methods, 404 for all else."""

    def __init__(self, router: Router) -> None:
        self.router = router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        allowed = self.router.allowed_methods(scope["path"])
        if not allowed:
            response: Response = not_found()
        elif scope["method"] == "OPTIONS":
            response = EmptyResponse(headers={"Allow": ", ".join(allowed)})
        else:
            response = not_allowed(allowed)
        await response(scope, receive, send)
