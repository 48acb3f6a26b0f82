"""Values in units: what is written, and what is refused. tests/systemd/test_hostile_values.py reads them."""

from collections.abc import Callable

import pytest

from wesktop.services.quoting import assignment, command_line, file_line, path_line, text_line
from wesktopd.errors import ConfigurationError


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["/bin/a", "serve", "app:app", "--port=80"], "/bin/a serve app:app --port=80"),
        (["/bin/a", ""], '/bin/a ""'),
        (["/bin/a", "two words"], '/bin/a "two words"'),
        (["/bin/a", "$HOME"], "/bin/a $$HOME"),
        (["/in/$HOME/a", "x"], '"/in/$HOME/a" x'),
        (["/bin/a", "50%"], "/bin/a 50%%"),
        (["/bin/a", 'say "a"'], '/bin/a "say \\"a\\""'),
        (["/bin/a", "back\\slash"], '/bin/a "back\\\\slash"'),
        (["/bin/a", "a\tb"], '/bin/a "a\\tb"'),
        (["/bin/a", ";"], '/bin/a ";"'),
        (["/bin/a", "'"], '/bin/a "\'"'),
        (["/bin/a", "é"], '/bin/a "é"'),
    ],
)
def test_a_command_line_is_quoted(arguments: list[str], line: str) -> None:
    assert command_line(arguments) == line


def test_an_assignment_keeps_its_dollars() -> None:
    assert assignment("A", 'b c%$"\\') == '"A=b c%%$\\"\\\\"'


@pytest.mark.parametrize("bad", ["a\nb", "a\rb", "a\0b", "\x1b[0m", "\x7f", "\udc80"])
def test_what_would_end_the_line_is_refused_by_name(bad: str) -> None:
    writes: list[Callable[[], str]] = [
        lambda: command_line(["/bin/a", bad]),
        lambda: command_line([bad]),
        lambda: path_line("directory", f"/{bad}"),
        lambda: file_line("env file", f"/{bad}"),
        lambda: text_line("description", f"a{bad}b"),
    ]
    for write in writes:
        with pytest.raises(ConfigurationError) as caught:
            write()
        assert ascii(bad)[1:-1] in str(caught.value).replace("\udc80", "\\udc80")


@pytest.mark.parametrize("bad", ["a\nb", "\x1b[0m", "\udc80"])
def test_an_assignment_that_is_refused_does_not_tell_its_value(bad: str) -> None:
    with pytest.raises(ConfigurationError, match=r"TOKEN .*line break") as refused:
        assignment("TOKEN", f"s3cret{bad}")
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("path", ["/a ", "/a\\", "/a\t"])
def test_a_path_that_the_lines_end_would_change_is_refused(path: str) -> None:
    with pytest.raises(ConfigurationError, match="rename"):
        path_line("directory", path)


@pytest.mark.parametrize("path", ["/*", "/a?", "/[a]", "/a\\b"])
def test_a_file_that_is_a_pattern_is_refused(path: str) -> None:
    with pytest.raises(ConfigurationError, match="rename"):
        file_line("env file", path)


@pytest.mark.parametrize("program", ['/a"b', "/a'b", "/a\\b"])
def test_a_program_that_systemd_does_not_take_is_refused(program: str) -> None:
    with pytest.raises(ConfigurationError, match="quote or a backslash"):
        command_line([program])


def test_a_description_that_would_go_on_is_refused() -> None:
    assert text_line("description", " 100% ") == "100%%"
    with pytest.raises(ConfigurationError, match="backslash"):
        text_line("description", "a\\")
