"""Route patterns: literal segments, and parameters that match one segment or the rest of the path.

    /users/{id}            one segment, not empty
    /users/{id:int}        the same, of digits; also {x:float} and {u:uuid}
    /files/{path:path}     the rest of the path, including slashes; it may be empty

If several patterns match, a literal precedes a converter, a converter a plain parameter, and "the rest" is last.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from wesktop.asgi.parameters import check_type

Convert = Callable[[str], Any]
"""Converts a segment to the parameter's value; None if it does not match."""

_INT = re.compile(r"-?[0-9]{1,4000}", re.ASCII)  # int() refuses more digits
_FLOAT = re.compile(r"-?[0-9]{1,300}(\.[0-9]+)?", re.ASCII)  # with more of them it would be infinite
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


def _as_text(segment: str) -> str | None:
    return segment or None


def _as_int(segment: str) -> int | None:
    return int(segment) if _INT.fullmatch(segment) else None


def _as_float(segment: str) -> float | None:
    return float(segment) if _FLOAT.fullmatch(segment) else None


def _as_uuid(segment: str) -> Any:
    from uuid import UUID  # late: 4 ms

    return UUID(segment) if _UUID.fullmatch(segment) else None


CONVERTERS: dict[str, Convert] = {"uuid": _as_uuid, "int": _as_int, "float": _as_float, "": _as_text}
"""Converters by the name after the colon, in the order in which they are tried."""

REST = "path"

_FOREIGN = re.compile(r"<((?P<kind>[a-z]+)(\(.*\))?:)?(?P<name>\w+)>|:(?P<word>[^\W\d]\w*)")


class Parameter(NamedTuple):
    """A parameter of a pattern. position: of its segment; kind: what follows the colon, or ""."""

    name: str
    position: int
    kind: str


class Pattern(NamedTuple):
    """A parsed pattern. segments: the parts between the slashes; parameters: those segments that are parameters."""

    segments: list[str]
    parameters: list[Parameter]


def parse(path: str) -> Pattern:
    """Parse a pattern: "" or one with a leading slash.

    Raises ValueError for a malformed one, TypeError unless it is a str.
    """
    check_type("pattern", path, str)
    if path and not path.startswith("/"):
        raise ValueError(f"pattern {path!r} does not begin with a slash: write {'/' + path!r}")
    segments = path.split("/")
    parameters: list[Parameter] = []
    for position, segment in enumerate(segments):
        if "{" not in segment and "}" not in segment:
            _check_literal(path, segment)
            continue
        parameter = _parameter(path, segment, position)
        if any(parameter.name == other.name for other in parameters):
            raise ValueError(f"pattern {path!r} has the parameter {parameter.name!r} twice: give each its own name")
        if parameter.kind == REST and position != len(segments) - 1:
            raise ValueError(f"pattern {path!r}: {segment!r} matches the rest of the path, so nothing can follow it")
        parameters.append(parameter)
    return Pattern(segments, parameters)


def _check_literal(path: str, segment: str) -> None:
    """Refuse a parameter as Flask ("<int:id>") and Express (":id") write it, which would match only itself."""
    found = _FOREIGN.fullmatch(segment)
    if found is not None:
        kind = "" if found["kind"] not in (*CONVERTERS, REST) else found["kind"]
        ours = "{" + (found["name"] or found["word"]) + (kind and f":{kind}") + "}"
        raise ValueError(f"pattern {path!r}: write {segment!r} as '{ours}'")


def _parameter(path: str, segment: str, position: int) -> Parameter:
    name, colon, kind = segment[1:-1].partition(":")
    if segment[:1] + segment[-1:] != "{}" or not name.isidentifier():
        raise ValueError(f"pattern {path!r}: {segment!r} must be a whole segment such as '{{name}}'")
    if colon and (not kind or kind not in (*CONVERTERS, REST)):
        known = ", ".join([*filter(None, CONVERTERS), REST])
        raise ValueError(f"pattern {path!r}: converter in {segment!r} must be one of {known}, not {kind!r}")
    return Parameter(name, position, kind)
