"""create_app() and the application that it assembles."""

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from wesktop.asgi.connections import local_url, route_path
from wesktop.asgi.error_responses import ErrorAnswers
from wesktop.asgi.errors import HTTPError, NothingSentError
from wesktop.asgi.files.client_scripts import client_script
from wesktop.asgi.files.missing import MissingAssets
from wesktop.asgi.files.site import Answer, site
from wesktop.asgi.files.static import MAX_CACHE_SIZE
from wesktop.asgi.lifespan import Lifespan
from wesktop.asgi.limits import (
    BODY_TIMEOUT,
    MAX_BODY_SIZE,
    MAX_FORM_PARTS,
    MAX_MESSAGE_SIZE,
    MAX_QUEUE_SIZE,
    SCOPE_KEY,
    THREADS,
    WRITE_TIMEOUT,
    Limits,
)
from wesktop.asgi.parameters import check_flag, check_number, check_type
from wesktop.asgi.receiving.body import ANSWERED, BODY_KEY, Body
from wesktop.asgi.requests import Request
from wesktop.asgi.responses import EmptyResponse, FixedResponse, RedirectResponse, Response, allow, to_response
from wesktop.asgi.routing.router import UNSET, Route, Router
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
    body_timeout: float | None = BODY_TIMEOUT,
    max_form_parts: int | None = MAX_FORM_PARTS,
    write_timeout: float | None = WRITE_TIMEOUT,
    max_message_size: int | None = MAX_MESSAGE_SIZE,
    max_queue_size: int | None = MAX_QUEUE_SIZE,
    threads: int = THREADS,
    static_cache_size: int = MAX_CACHE_SIZE,
    static_dotfiles: bool = False,
    build_command: str | None = None,
    redirect_slashes: bool = False,
    debug: bool = False,
) -> ASGIApp:
    """Make the ASGI application that serves *router*.

    Parameters:
        router: the routes; they take precedence.
        middleware: ASGI middleware classes, outermost first; each is called with the app it wraps, and handles
            requests, WebSockets and the lifespan.
        static_dir: a directory whose files are served under *static_path* ("/assets").
        spa_fallback: a page for every other GET that accepts HTML. The files beside it are served too if it is within
            *static_dir*: what a build wrote works as `static_dir="dist", spa_fallback="dist/index.html"`.
        lifespan: a callable that returns an async context manager, or an async generator function; entered at
            startup and left at shutdown; takes no argument or the app. A dict that it yields is every request's
            `state`.
        name: the name of the logger, "wesktop" unless given.
        max_body_size: maximum size of a request body in bytes, 64 MiB by default. A larger one is answered with 413.
        body_timeout: seconds in which a body must arrive, 60 by default; then 408.
        max_form_parts: maximum number of fields and files of a form, 1,000 by default; with more, 413.
        write_timeout: seconds that a client may take to read a chunk of a stream or of a file, 60 unless given; then
            its connection is aborted.
        max_message_size: the largest message in bytes that a `WebSocket` takes, 1 MiB unless given. With a larger one
            the connection is closed (1009).
        max_queue_size: bytes of messages that may wait for a `WebSocket`'s handler, 4 MiB unless given, and 256
            messages at most; then the client has to wait.
        threads: how many handlers that are not async run at a time, 40 unless given; further requests wait.
        static_cache_size: bytes of small static files that are kept in memory, 16 MiB unless given; 0 for none.
        static_dotfiles: serve files and directories whose names begin with a dot.
        build_command: the command that makes *static_dir*, such as "npm run build". With it, *static_dir* and
            *spa_fallback* need not exist yet: until they do, a page says what to run.
        redirect_slashes: whether a path without a route is sent on (308) to that with a slash more, or less, at its
            end, where this has one.
        debug: show a browser that is in the app's session the traceback of an unexpected exception. Without a session
            it is in the log alone.

    None as a limit means no limit; *threads* has one.

    Raises ValueError when *static_dir* or *spa_fallback* does not exist, *static_path* has no leading slash, a limit
    is not above zero or *router* has a route "", which is for included routers; and TypeError for a lifespan that
    cannot be called so, middleware that cannot be called, or a value of another type.
    """
    check_type("router", router, Router)
    router.check_paths()
    check_type("static_path", static_path, str)
    check_number("static_cache_size", static_cache_size)
    check_flag("static_dotfiles", static_dotfiles)
    check_flag("redirect_slashes", redirect_slashes)
    check_flag("debug", debug)
    for what, text in (("name", name), ("build_command", build_command)):
        if text is not None:
            check_type(what, text, str)
    logger = name or "wesktop"
    limits = Limits(
        max_body_size, body_timeout, max_form_parts, write_timeout, max_message_size, max_queue_size, threads
    ).checked()
    missing = MissingAssets("/" if static_dir is None else static_path, router, logger)
    unmatched = [
        client_script,
        *([SlashRedirect(router).answer] if redirect_slashes else []),
        *site(
            router,
            missing,
            static_dir,
            static_path,
            spa_fallback,
            build_command=build_command,
            cache_size=static_cache_size,
            dotfiles=static_dotfiles,
        ),
        Unmatched(router, missing).answer,
    ]
    errors = ErrorAnswers(router, logger, debug=debug)
    life = Lifespan(lifespan, logger)
    websockets = WebSockets(router, logger, limits)
    app: ASGIApp = Application(router, unmatched, errors, limits, websocket=websockets, lifespan=life)
    life.app = app = _wrapped(app, () if middleware is None else middleware)
    return app


def _wrapped(app: ASGIApp, middleware: object) -> ASGIApp:
    """Return the app wrapped in middleware; raise TypeError for anything else than ASGI middleware."""
    if isinstance(middleware, str) or not isinstance(middleware, Iterable):
        raise TypeError(f"middleware must be a list of ASGI middleware classes, not {middleware!r}")
    for wrap in reversed([*middleware]):
        if not callable(wrap):
            raise TypeError(f"middleware must contain ASGI middleware classes, not {wrap!r}")
        app = wrap(app)
        if not callable(app):
            raise TypeError(f"middleware {wrap!r} must return an ASGI app, not {app!r}")
    return app


class Application:
    """The ASGI app: hands on WebSockets and the lifespan, and answers HTTP.

    That is by the router's handlers and, for what has no route, by the first of *unmatched* to answer. Raises
    RuntimeError for a scope of another type.
    """

    def __init__(
        self,
        router: Router,
        unmatched: Sequence[Answer],
        errors: ErrorAnswers,
        limits: Limits,
        **others: ASGIApp,
    ) -> None:
        self.router = router
        self.unmatched = unmatched
        self.errors = errors
        self.limits = limits
        self.others = others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._hand_on(scope, receive, send)
            return
        scope[SCOPE_KEY] = self.limits
        path_params: dict[str, Any] = {}
        body = incoming = request = None
        try:
            try:
                method, path = scope["method"], route_path(scope)
                route = self.router.literals.get((method, path))
                if route is None and (found := self.router.find(method, path)) is not None:
                    route, path_params = found
                # Without a route: only the methods that mostly have a body, which its client is to send first.
                if route is not None or method not in ("GET", "HEAD"):
                    incoming = self._incoming(route, scope, receive)
                if route is None:
                    response = self._answer(scope, path)
                else:
                    if incoming is not None:
                        body = await incoming.begin(stream=route.stream)
                    request = Request(scope, path_params, body, incoming=incoming, receive=receive)
                    response = to_response(await route.call(request))
            except Exception as error:
                response = await self.errors.answer(error, request or Request(scope, path_params))
            if incoming is not None and not incoming.is_read and isinstance(response, FixedResponse):
                await incoming.discard()
            # Outside of the try: once a response has started, an exception can only end the connection.
            try:
                await response(scope, receive, send)
            except NothingSentError as error:
                del scope[SCOPE_KEY]  # should this be such a response too, it answers for itself
                await (await self.errors.answer(error, request or Request(scope)))(scope, receive, send)
            if request is not None and request.calls is not None:
                from wesktop.asgi.background import run_calls  # late: it is seldom needed

                await run_calls(request.calls, path, self.errors.logger, self.limits.threads)
        finally:
            if BODY_KEY in scope and scope[BODY_KEY].end is None:
                scope[BODY_KEY].close(ANSWERED)

    async def _hand_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self.others.get(scope["type"])
        if app is None:
            raise RuntimeError(f"scope type must be one of http, {', '.join(self.others)}, not {scope['type']!r}")
        await app(scope, receive, send)

    def _incoming(self, route: Route | None, scope: Scope, receive: Receive) -> Body | None:
        """Return the request's body; None if it has none."""
        headers = dict(scope["headers"])
        if (
            b"content-length" not in headers
            and b"transfer-encoding" not in headers
            and scope.get("http_version") not in ("2", "3")
        ):
            return None
        limit = self.limits.max_body_size if route is None or route.max_body_size == UNSET else route.max_body_size
        body = scope[BODY_KEY] = Body(headers, receive, limit, self.limits.body_timeout)
        return body

    def _answer(self, scope: Scope, path: str) -> Response:
        for answer in self.unmatched:
            response = answer(scope, path)
            if response is not None:
                return response
        raise HTTPError(404)


class Unmatched:
    """OPTIONS of a path that has routes, and 405 for its other methods."""

    def __init__(self, router: Router, missing: MissingAssets) -> None:
        self.router = router
        self.missing = missing

    def answer(self, scope: Scope, path: str) -> Response | None:
        """Return the response to OPTIONS; None for a path without routes. Raises HTTPError: 405."""
        allowed = self.router.allowed_methods(path)
        if not allowed:
            self.missing.log(scope, path)
            return None
        if scope["method"] == "OPTIONS":
            return EmptyResponse(headers=allow(allowed))
        raise HTTPError(405, headers=allow(allowed))


class SlashRedirect:
    """Sends a path on to that with a slash more, or less, at its end, where only this has a route."""

    def __init__(self, router: Router) -> None:
        self.router = router

    def answer(self, scope: Scope, path: str) -> Response | None:
        """The answer; None where that does not help."""
        other = path.rstrip("/") if path.endswith("/") else f"{path}/"
        # "//host" would be another site's address.
        if not other or path.startswith("//") or self.router.find(scope["method"], other) is None:
            return None
        return RedirectResponse(local_url(scope, other), 308)
