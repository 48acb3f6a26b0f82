"""The request, as a handler receives it."""

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, TypeVar, overload

from wesktop.asgi import codec
from wesktop.asgi.connections import Connection
from wesktop.asgi.errors import HTTPError
from wesktop.asgi.limits import DEFAULT, SCOPE_KEY
from wesktop.asgi.receiving.body import Body, body_of
from wesktop.asgi.routing.handlers import is_async
from wesktop.asgi.types import Receive, Scope

if TYPE_CHECKING:
    from wesktop.asgi.background import Call
    from wesktop.asgi.receiving.forms import Form

T = TypeVar("T")

_UNREAD: Any = object()


class Request(Connection):
    """An HTTP request: the ASGI scope, the path parameters and the body.

    Parameters: *scope*, the ASGI HTTP scope; *path_params*, what the route's `{name}` segments matched (default:
    none); *body*, the whole body (default None: the request has none, or it is streamed); *incoming*, the body that
    is still to be received; *receive*, ASGI's.
    """

    _json: Any = _UNREAD
    _form: "Form | None" = None
    calls: "list[Call] | None" = None  # of `after`

    def __init__(
        self,
        scope: Scope,
        path_params: dict[str, Any] | None = None,
        body: bytes | None = None,
        *,
        incoming: Body | None = None,
        receive: Receive | None = None,
    ) -> None:
        self.scope = scope
        self.path_params = {} if path_params is None else path_params
        self.body = body
        self._incoming = incoming
        self._receive = receive

    @property
    def method(self) -> str:
        """The method, in upper case as it came."""
        method: str = self.scope["method"]
        return method

    @property
    def body_size(self) -> int:
        """The body's length in bytes, 0 when there is none."""
        return 0 if self.body is None else len(self.body)

    @property
    def json(self) -> Any:
        """The body decoded as JSON; None when there is no body or it is not JSON."""
        if self._json is _UNREAD:
            try:
                self._json = codec.decode(self.body) if self.body else None
            except (ValueError, RecursionError):  # not JSON, not UTF-8 or nested beyond reason
                self._json = None
        return self._json

    @overload
    def decode(self, type_: type[T]) -> T: ...
    @overload
    def decode(self, type_: Any) -> Any: ...
    def decode(self, type_: Any) -> Any:
        """Return the body as *type_*: a msgspec Struct, a dataclass, `list[int]` or any other type msgspec supports.

        Raises HTTPError, which the client receives: 400 for a body that is not JSON, and 422, with the path and the
        reason, for one that does not match the type.
        """
        try:
            return codec.decode(self.body or b"", type_)
        except codec.ValidationError as error:
            raise HTTPError(422, str(error)) from None
        except (ValueError, RecursionError) as error:
            raise HTTPError(400, f"the body is not JSON: {error}") from None

    def stream(self) -> AsyncIterator[bytes]:
        """Iterate over the body in chunks, in a route registered with `stream=True`; elsewhere in one piece.

        Waiting for a chunk may be cancelled, for example by `asyncio.timeout()`; no chunk is lost. Raises
        HTTPError when it is too large (413), cut short (400) or too slow (408).
        """
        return _all_at_once(self.body) if self._incoming is None or self.body is not None else self._incoming

    async def form(self) -> "Form":
        """Return the body as a form, urlencoded or multipart; it is read once.

        Files above 1 MiB are kept on disk until the form is closed or garbage-collected. Multipart forms need the
        package python-multipart (`pip install python-multipart`).

        Raises HTTPError: 415 for another content type, 400 for a form that is malformed, 413 for too many parts, and
        what `stream` raises.
        """
        if self._form is None:
            from wesktop.asgi.receiving.forms import read_form

            limits = self.scope.get(SCOPE_KEY, DEFAULT)
            self._form = await read_form(self.header("content-type", ""), self.stream(), limits.max_form_parts)
        return self._form

    def after(self, function: Callable[..., Any], *arguments: Any, **keywords: Any) -> None:
        """Call a function once the response has been sent, an async one on the event loop, any other in a thread.

        Several are called one after the other. A stop or restart waits for them as for an open request, within
        `drain_timeout`; the log names what was not done by then. Raises TypeError unless it is a function.
        """
        from wesktop.asgi.background import Call

        is_async(function)  # raises
        self.calls = [*(self.calls or ()), Call(function, arguments, keywords)]

    async def is_disconnected(self) -> bool:
        """True if the client has disconnected or been answered; unchecked until the body has been read."""
        if self._receive is None:
            return False
        self._incoming = self._incoming or body_of(self.scope, self._receive)
        return await self._incoming.is_disconnected()


async def _all_at_once(body: bytes | None) -> AsyncIterator[bytes]:
    if body:
        yield body
