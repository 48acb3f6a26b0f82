"""Checks that a function can be called with so many arguments, when it is registered."""

import sys
from collections.abc import Callable
from typing import Any

_CO_VARARGS = 0x04  # inspect.CO_VARARGS


def check_arguments(what: str, function: Callable[..., Any], *given: str) -> None:
    """Raise TypeError unless *function* can be called with the arguments *given*, such as "request"."""
    if _accepts(function, len(given)):
        return
    import inspect  # late: it takes 5 ms to load

    name = getattr(function, "__qualname__", repr(function))
    takes = inspect.signature(function, follow_wrapped=False)
    raise TypeError(f"{what} {name} must take the arguments ({', '.join(given)}), not {takes}")


def _accepts(function: Callable[..., Any], count: int) -> bool:
    # A decorator's wrapper is called, whatever it says of the function in it: __wrapped__ is not followed.
    plain = getattr(function, "__func__", function)
    code = getattr(plain, "__code__", None)
    if code is None:
        return _accepts_by_signature(function, count)
    count += plain is not function  # a bound method's self
    least: int = code.co_argcount - len(plain.__defaults__ or ())
    most = sys.maxsize if code.co_flags & _CO_VARARGS else code.co_argcount
    return least <= count <= most and bool(code.co_kwonlyargcount <= len(plain.__kwdefaults__ or ()))


def _accepts_by_signature(function: Callable[..., Any], count: int) -> bool:
    import inspect

    try:
        signature = inspect.signature(function, follow_wrapped=False)
    except ValueError:  # some that are written in C have none
        return True
    try:
        signature.bind(*[None] * count)
    except TypeError:
        return False
    return True
