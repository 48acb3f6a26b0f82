"""msgspec, loaded when something is first encoded, decoded or compared.

`codec.encode` and `codec.decode` are its JSON functions, `codec.Struct` its base class, `codec.ValidationError` what
it raises for a value of another type; after the first use each is a plain attribute of this module. A script that
only builds its app is spared 10 ms on the way to its window.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from msgspec import Struct, ValidationError
    from msgspec.json import Decoder, decode, encode

__all__ = ["Struct", "ValidationError", "decode", "decoder", "encode"]


@lru_cache(maxsize=256)
def decoder(type_: Any) -> "Decoder[Any]":
    """The decoder of a type. Raises TypeError for a type that msgspec cannot check."""
    import msgspec

    return msgspec.json.Decoder(type_)


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import msgspec

    globals().update(
        Struct=msgspec.Struct,
        ValidationError=msgspec.ValidationError,
        decode=msgspec.json.decode,
        encode=msgspec.json.encode,
    )
    return globals()[name]
