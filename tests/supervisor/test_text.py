"""Text that can be passed on, and shown."""

import os
import tomllib

import msgspec
import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from wesktopd.text import (
    printable,
    printable_json,
    printable_lines,
    printable_output,
    sendable,
    sent_path,
    without_colours,
)


@given(st.binary(min_size=1).filter(lambda name: b"\0" not in name and b"\\udc" not in name))
def test_a_path_of_any_bytes_can_be_sent_and_comes_back(name: bytes) -> None:
    sent = msgspec.json.decode(msgspec.json.encode(sendable(os.fsdecode(name))))
    assert os.fsencode(sent_path(sent)) == name


@pytest.mark.parametrize("path", ["/home/me", "/home/mé", r"C:\users\me", r"/a\u00ff"])
def test_a_path_that_can_be_sent_is_sent_as_it_is(path: str) -> None:
    assert sendable(path) == path
    assert sent_path(path) == path


# As it is shown.

BIDI = "".join(map(chr, (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))))
BREAKS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
CONTROL = "".join(map(chr, (*range(0x20), *range(0x7F, 0xA0))))
SURROGATES = "\ud800\udbff\udc00\udcff\udfff"
texts = st.text(st.characters(codec=None, categories=None) | st.sampled_from(BIDI + BREAKS + CONTROL + SURROGATES))


@pytest.mark.parametrize("char", [*BIDI, *BREAKS, *CONTROL, *SURROGATES])
def test_what_a_terminal_or_a_reader_would_act_upon_is_shown_as_an_escape(char: str) -> None:
    shown = printable(f"a{char}b")
    assert shown == f"a{ascii(char)[1:-1]}b"
    assert shown.isascii()
    assert shown.isprintable()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain äß日本 \N{WAVING HAND SIGN} text", "plain äß日本 \N{WAVING HAND SIGN} text"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("a\tb", r"a\tb"),
        ("\x9b31m", r"\x9b31m"),
        ("gpj.\u202eexe", r"gpj.\u202eexe"),
        ("", ""),
    ],
)
def test_others_text_is_a_part_of_one_line(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(texts)
def test_whatever_others_say_stays_on_its_line_and_can_be_written(text: str) -> None:
    shown = printable(text)
    assert len(f"a{shown}b".splitlines()) == 1
    assert not {*shown} & {*BIDI, *CONTROL}
    shown.encode()
    assert printable(shown) == shown


@given(texts)
def test_only_the_first_of_several_lines_begins_at_the_margin(text: str) -> None:
    first, *others = printable_lines(text).splitlines() or [""]
    assert first == printable(text.split("\n")[0])
    assert [line[:2] for line in others] == ["  "] * text.count("\n")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain äß日本 text", "plain äß日本 text"),
        ("a\tb", "a\tb"),
        ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x1b[2J\x1b[H", "\\x1b[2J\\x1b[H"),
        ("50 %\r100 %", "50 %\\r100 %"),
        ("\x9b31m", "\\x9b31m"),
        ("gpj.\u202eexe", "gpj.\\u202eexe"),
        ("\udc80", "\\udc80"),
    ],
)
def test_a_programs_colours_and_tabs_are_kept(text: str, shown: str) -> None:
    assert printable_output(text) == shown


@given(texts)
def test_no_output_moves_the_cursor_or_breaks_the_line(text: str) -> None:
    bare = without_colours(printable_output(text))
    assert not {*bare} & {*BIDI, *CONTROL} - {"\t"}
    bare.encode()


@given(texts.filter(lambda text: not {*text} & {*map(chr, range(0xD800, 0xE000))}))
def test_json_and_toml_say_the_same_without_what_a_terminal_acts_upon(text: str) -> None:
    fields = {"a": text, "b": [text]}
    shown = printable_json(msgspec.json.encode(fields).decode())
    assert msgspec.json.decode(shown) == fields
    toml = printable_json(tomli_w.dumps(fields))
    assert tomllib.loads(toml) == fields
    assert not ({*shown} | {*toml}) & {*BIDI, *CONTROL} - {"\n", "\t"}
