"""The route table: which handler answers which method and path.

A route without parameters is one look-up in a dictionary by (method, path). Routes with parameters stand in a tree of
path segments, one tree for each method, so that the time to find one does not depend on how many others there are.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from wesktop.asgi.http.headers import is_token
from wesktop.asgi.parameters import check_flag, check_number, check_type
from wesktop.asgi.routing.error_handlers import ErrorHandlers, ErrorKey
from wesktop.asgi.routing.handlers import Handler, is_async, to_async
from wesktop.asgi.routing.patterns import CONVERTERS, REST, Convert, Pattern, parse
from wesktop.asgi.signatures import check_arguments

WEBSOCKET = "ws:"  # in the place of a method, which no token can be

HandlerT = TypeVar("HandlerT", bound=Callable[..., Any])


class Route:
    """A handler with its pattern's parameters and how its body is read.

    call: awaits the handler. rest: the parameter that takes all segments from a position on.
    max_body_size: in bytes; `UNSET` for the app's.
    """

    __slots__ = ("call", "handler", "max_body_size", "parameters", "rest", "stream")

    def __init__(self, handler: Handler, pattern: Pattern, *, stream: bool, max_body_size: int | None) -> None:
        self.handler = handler
        self.call = to_async(handler)
        self.stream = stream
        self.max_body_size = max_body_size
        self.parameters = [
            (name, position, CONVERTERS[kind] if kind else None)
            for name, position, kind in pattern.parameters
            if kind != REST
        ]
        self.rest = next(((name, position) for name, position, kind in pattern.parameters if kind == REST), None)

    def values(self, segments: list[str]) -> dict[str, Any]:
        """Return the parameters' values in a matching path."""
        values: dict[str, Any] = {
            name: segments[position] if convert is None else convert(segments[position])
            for name, position, convert in self.parameters
        }
        if self.rest is not None:
            name, position = self.rest
            values[name] = "/".join(segments[position:])
        return values


UNSET = -1


class _Node:
    """One segment of the tree: its children, the route that ends here, and the route that matches the rest."""

    __slots__ = ("converted", "literals", "rest", "route")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.converted: list[tuple[str, Convert, _Node]] = []
        self.route: Route | None = None
        self.rest: Route | None = None

    def find(self, segments: list[str], position: int) -> Route | None:
        node = self
        while position < len(segments):
            segment = segments[position]
            literal = node.literals.get(segment)
            if literal is None or node.converted or node.rest is not None:
                return node._find_branch(segments, position, literal)
            node, position = literal, position + 1
        return node.route

    def _find_branch(self, segments: list[str], position: int, literal: "_Node | None") -> Route | None:
        """Return the first route found, trying the children in order."""
        if literal is not None and (route := literal.find(segments, position + 1)) is not None:
            return route
        segment = segments[position]
        for _, convert, node in self.converted:
            if convert(segment) is not None and (route := node.find(segments, position + 1)) is not None:
                return route
        return self.rest

    def follow(self, kind: str) -> "_Node":
        """Return the node after a parameter of this kind; create it if necessary."""
        for known, _, node in self.converted:
            if known == kind:
                return node
        node = _Node()
        self.converted.append((kind, CONVERTERS[kind], node))
        self.converted.sort(key=lambda entry: list(CONVERTERS).index(entry[0]))
        return node


class Router:
    """The routes of an application, see wesktop.asgi.routing.patterns for their patterns.

    Paths are compared percent-decoded, as ASGI gives them, and exactly: `/a` is not `/a/`, nor is `//a`.
    """

    def __init__(self) -> None:
        self.errors = ErrorHandlers()
        self.literals: dict[tuple[str, str], Route] = {}  # those without parameters, by method and path
        self._trees: dict[str, _Node] = {}
        self._registered: dict[tuple[str, str], Route] = {}  # by method and pattern, in order
        self._methods: dict[str, None] = {}  # in the order of their first registration

    def get(self, path: str) -> Callable[[HandlerT], HandlerT]:
        """Decorator: register the function for GET (and HEAD) of *path*. Raises as `add_route` does."""
        return self._decorator("GET", path)

    def post(
        self, path: str, *, stream: bool = False, max_body_size: int | None = UNSET
    ) -> Callable[[HandlerT], HandlerT]:
        """Decorator: register the function for POST to *path*. Parameters and errors as of `add_route`."""
        return self._decorator("POST", path, stream=stream, max_body_size=max_body_size)

    def put(
        self, path: str, *, stream: bool = False, max_body_size: int | None = UNSET
    ) -> Callable[[HandlerT], HandlerT]:
        """Decorator: register the function for PUT to *path*. Parameters and errors as of `add_route`."""
        return self._decorator("PUT", path, stream=stream, max_body_size=max_body_size)

    def patch(
        self, path: str, *, stream: bool = False, max_body_size: int | None = UNSET
    ) -> Callable[[HandlerT], HandlerT]:
        """Decorator: register the function for PATCH of *path*. Parameters and errors as of `add_route`."""
        return self._decorator("PATCH", path, stream=stream, max_body_size=max_body_size)

    def delete(self, path: str) -> Callable[[HandlerT], HandlerT]:
        """Decorator: register the function for DELETE of *path*. Raises as `add_route` does."""
        return self._decorator("DELETE", path)

    def websocket(self, path: str) -> Callable[[HandlerT], HandlerT]:
        """Decorator: register the async function for WebSocket connections to *path*; it receives a `WebSocket`.

        Raises as `add_route` does.
        """

        def register(handler: HandlerT) -> HandlerT:
            if not is_async(handler):
                raise TypeError(f"handler {handler!r} of a WebSocket must be an async function")
            check_arguments("handler", handler, "websocket")
            self._add(WEBSOCKET, path, handler)
            return handler

        return register

    def error_handler(self, key: ErrorKey) -> Callable[[HandlerT], HandlerT]:
        """Decorator: register the function as the app's handler of an exception type or an HTTP status.

        It receives the request and the exception and returns a response as any handler does. The handler of the
        nearest base class is called; a status (404, 405, 413, ...) precedes the type. 500 handles all other
        exceptions, which are logged first.

        Raises ValueError for a status outside 400..599, or a key that has a handler already.
        """

        def register(handler: HandlerT) -> HandlerT:
            self.errors.add(key, handler)
            return handler

        return register

    def add_route(
        self,
        method: str,
        path: str,
        handler: Handler,
        *,
        stream: bool = False,
        max_body_size: int | None = UNSET,
    ) -> None:
        """Register *handler* for *method* (any case) and the pattern *path*.

        The handler takes the `Request` and returns a response, or a dict, list, str, bytes, dataclass, msgspec Struct
        or None, which is converted to one. A plain function runs in a thread, so it may block.

        stream: the body is not read before the handler runs; read it by `request.stream()` or `request.form()`.
        max_body_size: maximum body size of this route in bytes, None for no limit; by default the app's.

        Raises ValueError when the method is not a token, the pattern is malformed or the same route exists already,
        and TypeError when the handler cannot be called or is an async generator function, or a value is of another
        type.
        """
        check_type("method", method, str)
        check_flag("stream", stream)
        if max_body_size is not None and max_body_size != UNSET:
            check_number("max_body_size", max_body_size)
        if not is_token(method):
            raise ValueError(f"method must be a token such as 'GET', not {method!r}")
        if callable(handler):
            check_arguments("handler", handler, "request")
        self._add(method.upper(), path, handler, stream=stream, max_body_size=max_body_size)

    def include(self, router: "Router", prefix: str = "") -> None:
        """Add the current routes of *router*, each with *prefix* before its pattern, and its error handlers.

        A route of the pattern "" is then at the prefix itself: `/api/notes`, where "/" is `/api/notes/`.

        Raises ValueError for a prefix that has no leading slash or ends with one, and for routes that exist already;
        nothing is added then. Raises TypeError unless it is a Router.
        """
        check_type("router", router, Router)
        check_type("prefix", prefix, str)
        if prefix and (not prefix.startswith("/") or prefix.endswith("/")):
            raise ValueError(f"prefix {prefix!r} must begin with a slash and not end with one, such as '/api'")
        trial = Router()  # so that a conflict changes nothing
        for source, before in ((self, ""), (router, prefix)):
            for (method, path), route in source._registered.items():
                trial._add(
                    method, before + path, route.handler, stream=route.stream, max_body_size=route.max_body_size
                )
            trial.errors.include(source.errors)
        self.errors, self.literals = trial.errors, trial.literals
        self._trees, self._registered, self._methods = trial._trees, trial._registered, trial._methods

    def match(self, method: str, path: str) -> tuple[Handler, dict[str, Any]] | None:
        """Return (handler, path_params) for *method* and the percent-decoded *path*, or None when no route fits."""
        found = self.find(method.upper(), path)
        return None if found is None else (found[0].handler, found[1])

    def find(self, method: str, path: str) -> tuple[Route, dict[str, Any]] | None:
        """Return (route, path_params) for the upper-case *method* and *path*; HEAD finds GET's where it has none."""
        route = self.literals.get((method, path))
        if route is not None:
            return route, {}
        tree = self._trees.get(method)
        if tree is not None:
            segments = path.split("/")
            route = tree.find(segments, 0)
            if route is not None:
                return route, route.values(segments)
        return self.find("GET", path) if method == "HEAD" else None

    def allowed_methods(self, path: str) -> list[str]:
        """Return the methods for *path*'s Allow header, HEAD and OPTIONS among them; [] where there is no route."""
        methods = [method for method in self._methods if self.find(method, path) is not None]
        if "GET" in methods and "HEAD" not in methods:
            methods.insert(methods.index("GET") + 1, "HEAD")
        if methods and "OPTIONS" not in methods:
            methods.append("OPTIONS")
        return methods

    def has_routes_below(self, prefix: str) -> bool:
        """Return whether the pattern of a route begins with this prefix, such as "/api/"."""
        return any(path.startswith(prefix) for _, path in self._registered)

    def check_paths(self) -> None:
        """Raise ValueError for a route at "", a path that no request has: it is for a router to be included."""
        if any(path == "" for _, path in self._registered):
            raise ValueError("pattern '' matches no path: write '/', or include its router with a prefix")

    def _decorator(self, method: str, path: str, **options: Any) -> Callable[[HandlerT], HandlerT]:
        def register(handler: HandlerT) -> HandlerT:
            self.add_route(method, path, handler, **options)
            return handler

        return register

    def _add(
        self, method: str, path: str, handler: Handler, *, stream: bool = False, max_body_size: int | None = UNSET
    ) -> None:
        pattern = parse(path)
        route = Route(handler, pattern, stream=stream, max_body_size=max_body_size)
        if pattern.parameters:
            self._add_to_tree(method, path, pattern, route)
        elif self.literals.setdefault((method, path), route) is not route:
            raise ValueError(f"{method} {path!r} is registered already: remove one of the two")
        self._registered[method, path] = route
        if method != WEBSOCKET:
            self._methods[method] = None

    def _add_to_tree(self, method: str, path: str, pattern: Pattern, route: Route) -> None:
        kinds = {parameter.position: parameter.kind for parameter in pattern.parameters}
        node = self._trees.setdefault(method, _Node())
        for position, segment in enumerate(pattern.segments):
            kind = kinds.get(position)
            if kind == REST:
                continue
            node = node.literals.setdefault(segment, _Node()) if kind is None else node.follow(kind)
        slot = "rest" if route.rest else "route"
        if getattr(node, slot) is not None:
            raise ValueError(f"{method} {path!r} is registered already, if under other names: remove one of the two")
        setattr(node, slot, route)
