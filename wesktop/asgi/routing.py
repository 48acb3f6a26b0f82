"""The route table: which handler answers which method and path.

A route without parameters is one look-up in a dictionary by (method, path). Routes with parameters stand in a tree of
path segments, one tree for each method, so that the time to find one does not depend on how many others there are.
"""

import functools
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

from wesktop.asgi.headers import is_token
from wesktop.asgi.requests import Request

Handler = Callable[[Request], Any]
"""What answers a request: an async function (run on the event loop) or a plain one (run in a thread)."""

_CO_COROUTINE = 0x80  # inspect.CO_COROUTINE

HandlerT = TypeVar("HandlerT", bound=Handler)


class Route:
    """A handler with what its pattern says: `call` awaits it, `parameters` are (name, segment number) pairs."""

    __slots__ = ("call", "handler", "parameters")

    def __init__(self, handler: Handler, parameters: tuple[tuple[str, int], ...]) -> None:
        self.handler = handler
        self.call = handler if _is_async(handler) else _in_thread(handler)
        self.parameters = parameters


class _Node:
    """One segment of the tree: what may follow it, and the route that ends here."""

    __slots__ = ("literals", "parameter", "route")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.parameter: _Node | None = None
        self.route: Route | None = None

    def find(self, segments: list[str], position: int) -> Route | None:
        if position == len(segments):
            return self.route
        segment = segments[position]
        literal = self.literals.get(segment)
        if literal is not None and (route := literal.find(segments, position + 1)) is not None:
            return route
        if segment and self.parameter is not None:
            return self.parameter.find(segments, position + 1)
        return None

    def grow(self, segment: str) -> "_Node":
        if not segment.startswith("{"):
            return self.literals.setdefault(segment, _Node())
        if self.parameter is None:
            self.parameter = _Node()
        return self.parameter


class Router:
    """The routes of an application.

    A pattern is a path such as `/users/{id}`. `{id}` stands for exactly one segment that is not empty; a literal
    segment goes before a parameter. Paths are compared percent-decoded, as ASGI gives them, and exactly: `/a` is
    not `/a/`.
    """

    def __init__(self) -> None:
        self._literals: dict[tuple[str, str], Route] = {}
        self._trees: dict[str, _Node] = {}
        self._methods: dict[str, None] = {}  # in the order of their first registration

    def get(self, path: str) -> Callable[[HandlerT], HandlerT]:
        """Decorator: register the function for GET (and HEAD) of *path*. Raises as `add_route` does."""
        return self._decorator("GET", path)

    def post(self, path: str) -> Callable[[HandlerT], HandlerT]:
        """Decorator: register the function for POST to *path*. Raises as `add_route` does."""
        return self._decorator("POST", path)

    def put(self, path: str) -> Callable[[HandlerT], HandlerT]:
        """Decorator: register the function for PUT to *path*. Raises as `add_route` does."""
        return self._decorator("PUT", path)

    def patch(self, path: str) -> Callable[[HandlerT], HandlerT]:
        """Decorator: register the function for PATCH of *path*. Raises as `add_route` does."""
        return self._decorator("PATCH", path)

    def delete(self, path: str) -> Callable[[HandlerT], HandlerT]:
        """Decorator: register the function for DELETE of *path*. Raises as `add_route` does."""
        return self._decorator("DELETE", path)

    def add_route(self, method: str, path: str, handler: Handler) -> None:
        """Register *handler* for *method* (any case) and the pattern *path*.

        The handler takes the `Request` and returns a response, or a dict, list, str, bytes, dataclass, msgspec Struct
        or None to be made one. A plain function runs in a thread, so that it may block.

        Raises ValueError when the method is not a token, the pattern is malformed or the same route exists already,
        and TypeError when the handler cannot be called or is an async generator function.
        """
        method = method.upper()
        if not is_token(method):
            raise ValueError(f"method {method!r} is not a token: use one such as 'GET'")
        segments = path.split("/")
        route = Route(handler, tuple(_parameters(path, segments)))
        if route.parameters:
            self._add_to_tree(method, path, segments, route)
        elif self._literals.setdefault((method, path), route) is not route:
            raise ValueError(f"{method} {path!r} is registered already: remove one of the two")
        self._methods[method] = None

    def match(self, method: str, path: str) -> tuple[Handler, dict[str, str]] | None:
        """Return (handler, path_params) for *method* and the percent-decoded *path*, or None when no route fits."""
        found = self.find(method.upper(), path)
        return None if found is None else (found[0].handler, found[1])

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """Return (route, path_params) for the upper-case *method* and *path*; HEAD finds GET's where it has none."""
        route = self._literals.get((method, path))
        if route is not None:
            return route, {}
        tree = self._trees.get(method)
        if tree is not None:
            segments = path.split("/")
            route = tree.find(segments, 0)
            if route is not None:
                return route, {name: segments[position] for name, position in route.parameters}
        return self.find("GET", path) if method == "HEAD" else None

    def allowed_methods(self, path: str) -> list[str]:
        """Return the methods for *path*'s Allow header, HEAD and OPTIONS among them; [] where there is no route."""
        methods = [method for method in self._methods if self.find(method, path) is not None]
        if "GET" in methods and "HEAD" not in methods:
            methods.insert(methods.index("GET") + 1, "HEAD")
        if methods and "OPTIONS" not in methods:
            methods.append("OPTIONS")
        return methods

    def _decorator(self, method: str, path: str) -> Callable[[HandlerT], HandlerT]:
        def register(handler: HandlerT) -> HandlerT:
            self.add_route(method, path, handler)
            return handler

        return register

    def _add_to_tree(self, method: str, path: str, segments: list[str], route: Route) -> None:
        node = self._trees.setdefault(method, _Node())
        for segment in segments:
            node = node.grow(segment)
        if node.route is not None:
            raise ValueError(f"{method} {path!r} is registered already, if under other names: remove one of the two")
        node.route = route


def _parameters(path: str, segments: list[str]) -> Iterator[tuple[str, int]]:
    """Yield (name, position) for each parameter of the pattern *path*; refuse a malformed pattern."""
    if not path.startswith("/"):
        raise ValueError(f"pattern {path!r} does not begin with a slash: write {'/' + path!r}")
    names = set()
    for position, segment in enumerate(segments):
        if "{" not in segment and "}" not in segment:
            continue
        name = segment[1:-1]
        if segment != f"{{{name}}}" or not name.isidentifier():
            raise ValueError(f"pattern {path!r}: {segment!r} must be a whole segment such as '{{name}}'")
        if name in names:
            raise ValueError(f"pattern {path!r} has the parameter {name!r} twice: give each its own name")
        names.add(name)
        yield name, position


def _is_async(handler: Handler) -> bool:
    if not callable(handler):
        raise TypeError(f"handler {handler!r} cannot be called: give a function that takes the request")
    code = getattr(handler, "__code__", None)
    if code is not None and code.co_flags & _CO_COROUTINE:
        return True  # an `async def`, known without loading inspect, which takes 5 ms
    import inspect

    function = handler
    while isinstance(function, functools.partial):
        function = function.func
    candidates = (function, getattr(function, "__call__", None))  # noqa: B004  an object's own `async def __call__`
    if any(map(inspect.isasyncgenfunction, candidates)):
        raise TypeError(f"handler {handler!r} is a generator: return StreamResponse(generator, content_type) instead")
    return any(map(inspect.iscoroutinefunction, candidates))


def _in_thread(handler: Handler) -> Callable[[Request], Awaitable[Any]]:
    def run(request: Request) -> Any:
        try:
            return handler(request)
        except StopIteration as error:
            # A future cannot hold a StopIteration: up to Python 3.11 whoever awaits it waits for ever.
            raise RuntimeError("the handler raised StopIteration") from error

    async def call(request: Request) -> Any:
        import asyncio  # late: see wesktop.asgi

        return await asyncio.to_thread(run, request)

    return call
