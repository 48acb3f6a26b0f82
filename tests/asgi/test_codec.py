"""JSON of what handlers return and pages send."""

import collections
import dataclasses
import decimal
import enum
import fractions
import math
import os
import uuid
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import msgspec
import pytest

from wesktop.asgi import HTMLResponse, JSONResponse, Request, TextResponse, codec


class Colour(enum.Enum):
    RED = "red"


class Text(str):
    __slots__ = ()


class Scalar:
    """As numpy's integers and floats are: not a subclass of int or float, and without a length."""

    def __init__(self, value: float) -> None:
        self._value = value


class Integer(Scalar):
    def __index__(self) -> int:
        return int(self._value)

    def __float__(self) -> float:
        return self._value


class Real(Scalar):
    def __float__(self) -> float:
        return self._value


bool_ = type("bool_", (Scalar,), {"__bool__": lambda self: bool(self._value), "__float__": lambda self: self._value})


class Array(Integer):
    def __len__(self) -> int:
        return 1


@pytest.mark.parametrize(
    ("value", "json"),
    [
        (Path("/home/me/notes.txt"), '"/home/me/notes.txt"'),
        (PureWindowsPath(r"C:\notes"), r'"C:\\notes"'),
        ([PurePosixPath("a"), {"b": PurePosixPath("c")}], '["a",{"b":"c"}]'),
        (Colour.RED, '"red"'),
        (decimal.Decimal("1.10"), '"1.10"'),
        (fractions.Fraction(1, 4), "0.25"),
        ({3}, "[3]"),
        (frozenset({3}), "[3]"),
        (collections.deque([1, 2]), "[1,2]"),
        (Text("a"), '"a"'),
        (uuid.UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (Integer(3), "3"),
        (Real(0.5), "0.5"),
        (bool_(1), "true"),
        (math.nan, "null"),
        ("a\udcff", r'"a\udcff"'),
        ({"a\udcff": [math.inf, 1.5, True, None, Path("b")]}, r'{"a\udcff":[null,1.5,true,null,"b"]}'),
    ],
)
def test_a_value_becomes_json(value: Any, json: str) -> None:
    assert codec.encode(value).decode() == json


@pytest.mark.parametrize("value", [object(), 1j, Array(1), {"a": [len]}, ["\udcff", object()]])
def test_a_value_of_another_type_is_refused_by_its_name(value: Any) -> None:
    with pytest.raises(TypeError, match=r"object of type .* JSON"):
        codec.encode(value)


class Listing(msgspec.Struct):
    names: list[str]
    count: int = 0


@dataclasses.dataclass
class Point:
    x: int


@pytest.mark.parametrize(
    ("json", "type_", "value"),
    [
        (rb'"a\udcff"', Any, "a\udcff"),
        (rb'{"n": ["\uD800x"]}', Any, {"n": ["\ud800x"]}),
        (rb'{"names": ["a\udcff"], "count": 2}', Listing, Listing(["a\udcff"], 2)),
        (r'"a\udcff"', str, "a\udcff"),
        (b'{"x": 1}', Point, Point(1)),
        (rb'"\ud83d\ude00"', Any, "\U0001f600"),
    ],
)
def test_json_is_decoded_as_a_type(json: bytes | str, type_: Any, value: object) -> None:
    assert codec.decode(json, type_) == value


@pytest.mark.parametrize(
    "json", [b"", b"{", rb'"\udcff', rb'["\udcff", NaN]', b'"\xed\xb3\xbf"', b'\xef\xbb\xbf"\\udcff"']
)
def test_what_is_not_json_is_refused(json: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  the words are those of msgspec and json
        codec.decode(json)


def test_json_of_another_type_is_refused_as_such_also_where_it_has_an_escaped_surrogate() -> None:
    for json in (rb'{"names": [3]}', rb'{"names": ["\udcff", 3]}'):
        with pytest.raises(codec.ValidationError, match="names"):
            codec.decode(json, Listing)


def test_the_name_of_a_file_that_is_not_utf_8_goes_to_the_page_and_comes_back() -> None:
    name = os.fsdecode(b"caf\xe9.txt")
    sent = codec.encode({"name": name})
    assert os.fsencode(Request({}, body=sent).json["name"]) == b"caf\xe9.txt"
    assert Request({}, body=sent).decode(dict[str, str]) == {"name": name}


@pytest.mark.parametrize("kind", [TextResponse, HTMLResponse])
def test_text_with_a_lone_surrogate_is_sent_with_a_replacement_character(kind: type[TextResponse]) -> None:
    assert kind("caf\udce9")._body == "caf\ufffd".encode()


def test_a_response_of_json_takes_paths() -> None:
    assert JSONResponse({"path": Path("/a")})._body == b'{"path":"/a"}'
