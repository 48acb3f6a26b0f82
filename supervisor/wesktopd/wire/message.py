"""The base of all control messages, and how those of a later release are recognised."""

from typing import TypeVar, get_args

import msgspec

Kinds = TypeVar("Kinds")


class Message(msgspec.Struct, kw_only=True, tag_field="type", tag=str.lower):
    """Any message; `id` pairs a request with its answers."""

    id: int = 0


class SecretMessage(Message):
    """A message that lets somebody in: what it holds is in no log, nor in an exception's text."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"


class _Head(msgspec.Struct):
    type: str


_heads = msgspec.json.Decoder(_Head)


def decode_known(decoder: msgspec.json.Decoder[Kinds], line: bytes) -> Kinds | None:
    """Decode one of a union of messages; return None for another type, which the caller skips.

    Raises ValueError, msgspec's errors among them, or RecursionError for anything but a message.
    """
    try:
        return decoder.decode(line)
    except msgspec.ValidationError:  # looked into only now: known messages pay nothing
        if _heads.decode(line).type in {kind.__struct_config__.tag for kind in get_args(decoder.type)}:
            raise
        return None
