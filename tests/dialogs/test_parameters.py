"""Dialogs without a desktop: which parameters fit, how toolkits want file types, how answers become messages."""

import re
from pathlib import Path
from typing import Any

import pytest
from webview.util import parse_file_type

from wesktop.dialogs import parameters
from wesktop.window.dialogs.dialog import Choice
from wesktop.window.dialogs.file_types import any_case, name_filter, pywebview_types
from wesktop.window.page.open_dialogs import replies
from wesktopd.errors import ConfigurationError, WindowError
from wesktopd.wire.control_messages import MAX_FRAME, encode
from wesktopd.wire.dialog_messages import FileType
from wesktopd.wire.window_messages import Answered

HOSTILE = ["", "(*.png)", "a;;b", "a (b) *.c", "Bilder & <mehr>", "\n", "名前"]


def open_files(**changes: Any) -> Any:
    return parameters.open_files(**{"title": "", "directory": "", "types": None, "several": False, **changes})


@pytest.mark.parametrize(
    ("make", "option", "keyword"),
    [
        (lambda: open_files(title=3), "title", "str, not 3"),
        (lambda: open_files(title="a\0b"), "title", r"NUL, which desktops cannot show: 'a\x00b'"),
        (lambda: open_files(title="\udcff"), "title", r"'\udcff' is not UTF-8"),
        (lambda: open_files(title="x" * 4001), "title", "4,000 characters, not 4,001"),
        (lambda: open_files(directory=3), "directory", "str or Path, not 3"),
        (lambda: open_files(types=["*.png"]), "types", "50"),
        (lambda: open_files(types={"A": "*.png"}), "types", "'A' must be a list"),
        (lambda: open_files(types={"A": [3]}), "types", "not [3]"),
        (lambda: open_files(types={"A": ["png"]}), "types", "not ['png']"),
        (lambda: open_files(types={"A": ["*.p ng"]}), "types", "not ['*.p ng']"),
        (lambda: open_files(types={3: ["*"]}), "types", "str, not 3"),
        (lambda: open_files(types={"": ["*"]}), "types", "['*'] must not be empty"),
        (lambda: parameters.save("", "", "a/b", None), "file_name", "path, as 'a/b'"),
        (lambda: parameters.confirm("", "", "OK"), "title", "empty"),
        (lambda: parameters.message("", ""), "title", "empty"),
        (lambda: parameters.confirm("", None, ""), "text", "str, not None"),  # type: ignore[arg-type]
        (lambda: parameters.notice("", "a"), "title", "empty"),
    ],
)
def test_an_invalid_parameter_is_refused_by_its_name(make: Any, option: str, keyword: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        make()
    assert raised.value.message.startswith(option)
    assert keyword in raised.value.message


@pytest.mark.parametrize("pattern", ["*", "*.*", "*.png", "*.tar.gz", "*.PNG", "*.bücher", "*.7z"])
def test_patterns_that_all_desktops_understand(pattern: str) -> None:
    assert open_files(types={"A": [pattern]}).types == (FileType("A", (pattern,)),)


def test_a_directory_is_the_askers_not_the_windows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert open_files(directory="sub").directory == str(tmp_path / "sub")
    assert open_files(directory=Path("sub")).directory == str(tmp_path / "sub")
    assert open_files().directory == ""


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_of_a_file_type_is_one_that_pywebview_takes(name: str) -> None:
    (text,) = pywebview_types((FileType(name, ("*.png", "*.tar.gz", "*")),))
    assert parse_file_type(text)[1] == "*.png;*.tar.gz;*"


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_of_a_file_type_leaves_qt_its_patterns(name: str) -> None:
    text = name_filter(FileType(name, ("*.png", "*.x")))
    # As Qt reads it (QPlatformFileDialogHelper::filterRegExp): what is in the only parentheses.
    assert re.findall(r"\(([^()]*)\)", text) == ["*.png *.x"]
    assert ";;" not in text


@pytest.mark.parametrize(
    ("pattern", "wanted"), [("*.png", "*.[pP][nN][gG]"), ("*.7Z", "*.7[zZ]"), ("*", "*"), ("*.ß", "*.ß")]
)
def test_gtk_takes_names_in_either_case(pattern: str, wanted: str) -> None:
    assert any_case(pattern) == wanted


@pytest.mark.parametrize("count", [0, 1, 3, 5000])
@pytest.mark.parametrize("name", ["/home/ann/a picture.png", '/"\\' * 100, "/ü" * 60, "/\x01" * 127])
def test_however_many_files_are_chosen_each_message_fits_a_frame(count: int, name: str) -> None:
    paths = tuple(f"{name}{number}" for number in range(count))
    messages = replies(7, Choice(accepted=True, paths=paths))
    assert [path for message in messages for path in message.paths] == [*paths]
    assert [message.more for message in messages] == [True] * (len(messages) - 1) + [False]
    assert max(len(encode(message)) for message in messages) <= MAX_FRAME


def test_an_error_is_answered_as_its_sentence() -> None:
    (reply,) = replies(7, WindowError("no dialog."))
    assert (reply.number, reply.error) == (7, "no dialog.")


@pytest.mark.parametrize(("paths", "first"), [((), None), (("/a", "/b"), Path("/a"))])
def test_answers_are_paths(paths: tuple[str, ...], first: Path | None) -> None:
    answer = Answered(paths=paths, accepted=bool(paths))
    assert parameters.first(answer) == first
    assert parameters.all_of(answer) == [Path(path) for path in paths]
