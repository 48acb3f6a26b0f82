"""Recognises WSGI apps (PEP 3333), as Flask, Django and Dash have them: the server speaks ASGI."""

from types import FunctionType

WRAPPER = "a2wsgi"  # the package that makes an ASGI app of one

_VARARGS = 0x04  # inspect.CO_VARARGS


def wrapped(app: object, target: str) -> str | None:
    """Return the sentence that says how to wrap a WSGI app; None for any other object."""
    path = "" if is_wsgi(app) else ".server" if is_wsgi(getattr(app, "server", None)) else None  # Dash has it there
    if path is None:
        return None
    module, _, attribute = target.partition(":")
    return (
        f"{target!r} is a WSGI app ({type(app).__name__}), but the server needs ASGI: "
        f"add `asgi = a2wsgi.WSGIMiddleware({attribute}{path})` to {module!r}, give '{module}:asgi', "
        f"and install it with `pip install {WRAPPER}`."
    )


def is_wsgi(app: object) -> bool:
    """Return whether an object is called with two arguments, (environ, start_response); ASGI apps take three."""
    if app is None or isinstance(app, type):
        return False
    bound = not isinstance(app, FunctionType)
    method = getattr(app, "__func__", None) or getattr(type(app), "__call__", None)  # noqa: B004  its code is looked at
    code = getattr(method if bound else app, "__code__", None)
    if code is None or code.co_flags & _VARARGS:
        return False
    return bool(code.co_argcount - bound == 2)
