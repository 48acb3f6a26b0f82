"""Dialogs of the app's window, opened from its Python side: from a request handler, for example.

    @router.post("/import")
    async def import_notes(request):
        path = await dialogs.open_file("Import notes", types={"Notes": ["*.txt", "*.md"]})
        return {"imported": path is not None and await read(path)}

A dialog opens on the window that last had the focus, or else on the one opened last, and brings it to the front.
Cancelling the awaiting task closes the dialog. `wesktop.dialogs.blocking` has the same functions for threads and
scripts.

`name` is the running app whose window shows the dialog; None is the calling app. All functions raise NoWindowError
if that app has no window or the window closes before the user answers, DialogOpenError if the window has a dialog
open already, NotRunningError if the app is not running, WindowError if the desktop cannot show the dialog, and
ConfigurationError for an invalid parameter.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from wesktop.dialogs import parameters, requests

TYPE_CHECKING = False  # as type checkers know it
if TYPE_CHECKING:
    from wesktop.dialogs import blocking as blocking

__all__ = ["open_file", "open_files", "save_file", "choose_folder", "confirm", "message", "notify"]


async def open_file(
    title: str = "",
    *,
    directory: str | Path = "",
    types: Mapping[str, Sequence[str]] | None = None,
    name: str | None = None,
) -> Path | None:
    """Let the user choose a file to open; return None if the dialog is cancelled.

    title: of the dialog; "" is the desktop's own. directory: shown first; "" is the one the user was in last.
    types: the file types offered, as in {"Images": ["*.png", "*.jpg"], "All files": ["*"]}; the first is preselected,
    and case does not matter. None: all files.
    """
    answer = await requests.ask(parameters.open_files(title, directory, types, several=False), name)
    return parameters.first(answer)


async def open_files(
    title: str = "",
    *,
    directory: str | Path = "",
    types: Mapping[str, Sequence[str]] | None = None,
    name: str | None = None,
) -> list[Path]:
    """Let the user choose one or more files to open; return [] if the dialog is cancelled. See `open_file`."""
    answer = await requests.ask(parameters.open_files(title, directory, types, several=True), name)
    return parameters.all_of(answer)


async def save_file(
    title: str = "",
    *,
    directory: str | Path = "",
    file_name: str = "",
    types: Mapping[str, Sequence[str]] | None = None,
    name: str | None = None,
) -> Path | None:
    """Let the user choose where to save a file; return None if the dialog is cancelled.

    The dialog asks before it returns an existing file. file_name: proposed name. For the others see `open_file`.
    """
    return parameters.first(await requests.ask(parameters.save(title, directory, file_name, types), name))


async def choose_folder(title: str = "", *, directory: str | Path = "", name: str | None = None) -> Path | None:
    """Let the user choose a directory; return None if the dialog is cancelled. See `open_file`."""
    return parameters.first(await requests.ask(parameters.folder(title, directory), name))


async def confirm(title: str, text: str = "", *, accept: str = "", name: str | None = None) -> bool:
    """Ask the user to confirm; return False if the dialog is cancelled or closed.

    title: the question, as in "Delete 3 notes?". text: an explanation. accept: label of the confirming button, as in
    "Delete"; "" is the desktop's "OK".
    """
    return (await requests.ask(parameters.confirm(title, text, accept), name)).accepted


async def message(title: str, text: str = "", *, name: str | None = None) -> None:
    """Show a message and wait until the user closes it."""
    await requests.ask(parameters.message(title, text), name)


async def notify(title: str, body: str = "", *, name: str | None = None) -> bool:
    """Show a desktop notification, and return when the desktop has accepted it; also `wesktop.notify`.

    title, body: plain text; the desktop decides how much of it is shown, and for how long. The app needs a window,
    which need not be in front. Returns False if the desktop cannot show it, as without a notification service.
    """
    return await requests.is_shown(parameters.notice(title, body), name)


def __getattr__(name: str) -> object:
    if name == "blocking":  # for `dialogs.blocking.confirm()`; late, as it is built on this package
        from importlib import import_module

        return import_module("wesktop.dialogs.blocking")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
