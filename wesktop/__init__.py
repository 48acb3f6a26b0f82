"""Desktop programs in Python with a web face: write routes, `run()` shows them in a native window.

The public names are loaded when they are first used, so that `import wesktop` costs next to nothing.
"""

TYPE_CHECKING = False  # as type checkers know it; importing typing would double what this costs
if TYPE_CHECKING:
    from wesktop import dialogs as dialogs
    from wesktop import errors as errors
    from wesktop.asgi import (
        BytesResponse,
        HTMLResponse,
        JSONResponse,
        Request,
        Router,
        StreamResponse,
        TextResponse,
        add_ws_route,
        create_app,
    )
    from wesktop.desktop import run
    from wesktop.dialogs import notify as notify
    from wesktop.entries import create_entry, remove_entry
    from wesktop.server import serve
    from wesktop.sse import Broadcaster, sse_route
    from wesktop.window.opening.open_window import open_window as open_window
    from wesktopd.guard.csp import DEFAULT_CSP as DEFAULT_CSP

    __version__: str

__all__ = [
    "run",
    "serve",
    "Router",
    "create_app",
    "add_ws_route",
    "Request",
    "JSONResponse",
    "TextResponse",
    "HTMLResponse",
    "BytesResponse",
    "StreamResponse",
    "Broadcaster",
    "sse_route",
    "create_entry",
    "remove_entry",
]

_HOMES = {
    "run": "wesktop.desktop",
    "serve": "wesktop.server",
    "Broadcaster": "wesktop.sse",
    "sse_route": "wesktop.sse",
    "create_entry": "wesktop.entries",
    "remove_entry": "wesktop.entries",
    "open_window": "wesktop.window.opening.open_window",
    "notify": "wesktop.dialogs",
    "DEFAULT_CSP": "wesktopd.guard.csp",
}


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        value: object = version("wesktop")
    elif name in __all__ or name in _HOMES:
        from importlib import import_module

        value = getattr(import_module(_HOMES.get(name, "wesktop.asgi")), name)
    elif name in ("errors", "dialogs"):  # for `except wesktop.errors.WesktopError`, `await wesktop.dialogs.confirm()`
        from importlib import import_module

        value = import_module(f"wesktop.{name}")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_HOMES, "__version__"})
