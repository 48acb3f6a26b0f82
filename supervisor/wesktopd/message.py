"""What all control messages have."""

import msgspec


class Message(msgspec.Struct, kw_only=True, tag_field="type", tag=str.lower):
    """Any message; `id` pairs a request with its answers."""

    id: int = 0
