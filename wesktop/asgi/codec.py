"""msgspec, loaded when something is first encoded, decoded or compared.

`codec.encode` and `codec.decode` are its JSON functions, `codec.Struct` its base class; after the first use each is a
plain attribute of this module. A script that only builds its app is spared 10 ms on the way to its window.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from msgspec import Struct
    from msgspec.json import decode, encode

__all__ = ["Struct", "decode", "encode"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import msgspec

    globals().update(Struct=msgspec.Struct, decode=msgspec.json.decode, encode=msgspec.json.encode)
    return globals()[name]
