"""Text that can be passed on."""

import os

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wesktopd.text import sendable, sent_path


@given(st.binary(min_size=1).filter(lambda name: b"\0" not in name and b"\\udc" not in name))
def test_a_path_of_any_bytes_can_be_sent_and_comes_back(name: bytes) -> None:
    sent = msgspec.json.decode(msgspec.json.encode(sendable(os.fsdecode(name))))
    assert os.fsencode(sent_path(sent)) == name


@pytest.mark.parametrize("path", ["/home/me", "/home/mé", r"C:\users\me", r"/a\u00ff"])
def test_a_path_that_can_be_sent_is_sent_as_it_is(path: str) -> None:
    assert sendable(path) == path
    assert sent_path(path) == path
