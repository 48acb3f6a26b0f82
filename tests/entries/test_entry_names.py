import re

import pytest

from wesktop.entries.names import MAX_FILE_NAME, MAX_ID, bundle_id, entry_id, file_name

ANY_TEXT = [
    "My App",
    "日本語",
    "..",
    "../../etc/passwd",
    "a/b",
    "a\nb",
    " ",
    "-",
    ".hidden",
    "x" * 500,
    "é" * 80,
    "a\\b",
]
RESERVED = ["CON", "nul", "Com1", "LPT9.txt", "con.tar.gz", "COM¹", "CONOUT$", "AUX "]


@pytest.mark.parametrize("name", ["pulse", "My-App", "org.example.App", "a_b", "x" * MAX_ID, "7zip"])
def test_a_plain_word_is_its_own_identifier(name: str) -> None:
    assert entry_id(name) == name


@pytest.mark.parametrize("name", ANY_TEXT)
def test_any_other_name_becomes_a_short_safe_identifier(name: str) -> None:
    assert re.fullmatch(rf"[a-z0-9][a-z0-9-]{{0,{MAX_ID - 1}}}", entry_id(name))


def test_names_that_differ_never_share_an_identifier() -> None:
    names = ["my app", "My App", "my-app", "my_app", "my  app", "my/app", "MY APP", "é", "è", "x" * 99, "x" * 100]
    lookalikes = [entry_id(name) for name in names if entry_id(name) != name]
    everything = names + lookalikes
    assert len({entry_id(name) for name in everything}) == len(everything)
    assert len({file_name(name) for name in everything}) == len(everything)


@pytest.mark.parametrize("name", ["My App", "Überblick", "日本語", "C++ & co", "console", "v1.2"])
def test_a_name_that_can_be_a_file_keeps_its_look(name: str) -> None:
    assert file_name(name) == name


@pytest.mark.parametrize(
    "name", [*RESERVED, "a/b", "a\\b", "a:b", "a?", "a\nb", "a.", "a ", ".a", "..", "é" * MAX_FILE_NAME]
)
def test_a_name_that_cannot_be_a_file_gets_a_slug(name: str) -> None:
    made = file_name(name)
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]*-[0-9a-f]{10}", made)
    assert made.split(".")[0].upper() not in {"CON", "PRN", "AUX", "NUL"}


def test_identifiers_that_differ_never_share_one_on_macos() -> None:
    identifiers = ["a_b", "a-b", "a__b", "a.b", "ab", "_"]
    made = {bundle_id(identifier) for identifier in identifiers}
    assert len(made) == len(identifiers)
    assert all(re.fullmatch(r"[A-Za-z0-9.-]+", identifier) for identifier in made)
