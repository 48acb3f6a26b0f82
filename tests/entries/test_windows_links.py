"""Links on Windows, whatever is in them: none becomes an option of the program that is registered for them.

Windows inserts a link into the registered command line as it is; the program's C runtime splits that, or
CommandLineToArgvW.
"""

import shlex
from typing import Any

import click
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wesktop.cli.run import run
from wesktop.entries.entry import check_entry
from wesktop.entries.windows.platform import opening_command
from wesktop.launching import current_launch

PROGRAM = r"C:\Program Files\Python\pythonw.exe"
NOTES = ["-m", "wesktop", "run", "notes:app", "--title", 'My "notes" \\']
LINKS = [
    "notes:x",
    'notes:x" --debug "',
    'notes:x" "--debug',
    'notes:x"" --debug ""',
    'notes:x""" --debug """',
    'notes:x\\" --debug',
    'notes:x\\\\" --debug --permission=camera "',
    "notes:x\\",
    'notes:x"\t--name=other\t"',
    'notes:x" -- --debug "',
    "",
]


def split(line: str, *, doubled_ends: bool) -> list[str]:
    """Split a command line by Microsoft's "Parsing C command-line arguments".

    doubled_ends: whether a doubled quote within quotes ends them, as for CommandLineToArgvW; not for the C runtime.
    """
    program, rest = _program(line)
    arguments, current, quoted, begun = [program], "", False, False
    while rest:
        backslashes = len(rest) - len(rest.lstrip("\\"))
        before, rest = rest[:backslashes], rest[backslashes:]
        if rest.startswith('"'):
            current += before[: backslashes // 2]
            begun, rest = True, rest[1:]
            if backslashes % 2:
                current += '"'
            elif quoted and rest.startswith('"'):
                current, rest, quoted = current + '"', rest[1:], not doubled_ends
            else:
                quoted = not quoted
        elif before:
            current, begun = current + before, True
        elif rest[0] in " \t" and not quoted:
            arguments += [current] if begun else []
            current, begun, rest = "", False, rest[1:]
        else:
            current, begun, rest = current + rest[0], True, rest[1:]
    return [*arguments, current] if begun else arguments


def _program(line: str) -> tuple[str, str]:
    """The first word, in which a backslash escapes nothing."""
    quoted, end = False, 0
    while end < len(line) and (quoted or line[end] not in " \t"):
        quoted ^= line[end] == '"'
        end += 1
    return line[:end].replace('"', ""), line[end:]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('p "abc" d e', ["abc", "d", "e"]),
        ('p a\\\\b d"e f"g h', ["a\\\\b", "de fg", "h"]),
        (r"p a\\\"b c d", [r"a\"b", "c", "d"]),
        (r'p a\\\\"b c" d e', [r"a\\b c", "d", "e"]),
        ('p a"b"" c d', ['ab" c d']),
        (r'"C:\a b\p.exe" ""', [""]),
    ],
)
def test_the_reference_splits_as_microsofts_page_says(line: str, expected: list[str]) -> None:
    assert split(line, doubled_ends=False)[1:] == expected


def opened(link: str, *arguments: str, doubled_ends: bool) -> list[str]:
    """What the program is started with that is registered with these arguments."""
    entry = check_entry("Notes", shlex.join([PROGRAM, *arguments]), app_id="notes", url_schemes=["notes"])
    return split(opening_command(entry).replace("%1", link), doubled_ends=doubled_ends)


def read(arguments: list[str]) -> dict[str, Any]:
    """What `wesktop run` makes of arguments."""
    context: click.Context = run.make_context("run", arguments)
    return context.params


@pytest.mark.parametrize("doubled_ends", [True, False])
@pytest.mark.parametrize("ending", [[], ["--"]], ids=["without", "with an end of options"])
@pytest.mark.parametrize("link", LINKS)
def test_all_that_a_link_adds_comes_after_the_one_end_of_the_options(
    link: str, ending: list[str], *, doubled_ends: bool
) -> None:
    found = opened(link, *NOTES, *ending, doubled_ends=doubled_ends)
    assert found[: len(NOTES) + 2] == [PROGRAM, *NOTES, "--"]
    assert len(found) > len(NOTES) + 2
    without = read(NOTES[3:])
    assert read(found[4:]) == {**without, "arguments": tuple(found[len(NOTES) + 2 :])}


@given(st.text(st.sampled_from('\\"- \tax%=/')), st.booleans())
@example('" --debug', True)
def test_no_text_is_an_option(link: str, doubled_ends: bool) -> None:
    found = opened(link, "-m", "notes", doubled_ends=doubled_ends)
    assert found[:4] == [PROGRAM, "-m", "notes", "--"]


@pytest.mark.parametrize(
    ("given_arguments", "expected"),
    [
        (["--", "notes:x"], ["notes:x"]),
        (["--", "notes:x", "--debug"], ["notes:x", "--debug"]),
        (["--", "--", "--debug"], ["--", "--debug"]),
        (["--flag", "--", "notes:x"], ["--flag", "notes:x"]),
        (["notes:x"], ["notes:x"]),
        ([], []),
    ],
)
def test_the_app_hears_of_the_link_and_not_of_the_end_of_the_options(
    given_arguments: list[str], expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["notes", *given_arguments])
    assert current_launch(None).arguments == expected
    assert current_launch(given_arguments).arguments == given_arguments
