"""JSON and text of messages. msgspec is loaded on first use, which spares a script 10 ms on the way to its window.

A lone surrogate, as in the name of a file that is not UTF-8, has no UTF-8 form: JSON carries it as an escape
(RFC 8259, section 8.2), in both directions; plain text has U+FFFD in its place.
"""

import operator
import os
from collections import deque
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from msgspec import Struct as Struct
    from msgspec import ValidationError as ValidationError
    from msgspec.json import Decoder

_LIKE: tuple[tuple[type, type], ...] = ((str, str), (int, int), (float, float), (deque, list))
"""Types whose instances, of a subclass too, are encoded as another."""


def encode(value: Any) -> bytes:
    """Return a value as JSON.

    Besides the types of msgspec (dataclasses, Structs, dates, UUID, Enum, Decimal as a string, sets, ...): paths as
    strings, objects with `__index__` or `__float__`, such as numpy's scalars, as numbers, and subclasses of str, int
    and float. NaN and the infinities become null. Raises TypeError for any other type.
    """
    try:
        return _encoder()(value)
    except UnicodeEncodeError:
        return _encode_escaped(value)


def encode_text(text: str) -> bytes:
    """Return text as UTF-8, with U+FFFD for a lone surrogate."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def decode(data: bytes | str, type_: Any = Any) -> Any:
    """Return JSON decoded as a type: any that msgspec supports, by default plain objects.

    Raises ValueError for what is not JSON, its subclass `ValidationError` for JSON of another type, RecursionError
    for JSON nested too deeply, and TypeError for a type that msgspec does not support.
    """
    try:
        return _decoder(type_).decode(data)
    except ValueError:
        text = data if isinstance(data, str) else data.decode()
        if "\\ud" not in text.lower():
            raise
        return _decode_escaped(text, type_)


@lru_cache(maxsize=1)
def _encoder() -> "Callable[[Any], bytes]":
    import msgspec

    return msgspec.json.Encoder(enc_hook=_to_builtin).encode


@lru_cache(maxsize=256)
def _decoder(type_: Any) -> "Decoder[Any]":
    import msgspec

    return msgspec.json.Decoder(type_)


def _to_builtin(value: Any) -> Any:
    """Return a value of a type unknown to msgspec as one of a known type."""
    kind = type(value)
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    for base, known in _LIKE:
        if isinstance(value, base):
            return known(value)
    if not hasattr(kind, "__len__"):  # an array is not a number, even if it has one element
        if kind.__name__ in ("bool", "bool_"):  # numpy's
            return bool(value)
        if hasattr(kind, "__index__"):
            return operator.index(value)
        if hasattr(kind, "__float__"):
            return float(value)
    raise TypeError(
        f"an object of type {kind.__name__} cannot be encoded as JSON: convert it to a dict, list, str or number"
    )


def _encode_escaped(value: Any) -> bytes:
    import json

    import msgspec

    plain = msgspec.to_builtins(value, str_keys=True, enc_hook=_to_builtin)
    return json.dumps(_without_nan(plain), separators=(",", ":"), allow_nan=False).encode()


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    return [_without_nan(item) for item in value] if isinstance(value, list | tuple) else value


def _decode_escaped(text: str, type_: Any) -> Any:
    import json

    import msgspec

    def refuse(constant: str) -> None:
        raise ValueError(f"JSON has no {constant}")

    plain = json.loads(text, parse_constant=refuse)
    return plain if type_ is Any else msgspec.convert(plain, type_, str_keys=True)


def __getattr__(name: str) -> object:
    if name not in ("Struct", "ValidationError"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import msgspec

    globals().update(Struct=msgspec.Struct, ValidationError=msgspec.ValidationError)
    return globals()[name]
