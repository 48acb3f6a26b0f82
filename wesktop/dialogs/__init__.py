"""Questions to the user, in dialogs of the app's window, from its Python side: a server-side handler, say.

    @router.post("/import")
    async def import_notes(request):
        path = await dialogs.open_file("Import notes", types={"Notes": ["*.txt", "*.md"]})
        return {"imported": path is not None and await read(path)}

Each is shown on the window that had the focus last, or else was opened last, which comes to the front; it is on the
user's machine, as the app is. When the awaiting task is cancelled, the dialog closes. `wesktop.dialogs.blocking`
has the same functions for threads and scripts.

`name` says which running app is to ask; None is the one that calls. All raise NoWindowError where that has no window,
or when it is closed before there is an answer; DialogOpenError when the window has a dialog open already;
NotRunningError when the app does not run; WindowError when the desktop shows no dialog; and ConfigurationError for a
parameter that does not fit.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from wesktop.dialogs import asking, parameters

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
    """Which file to open; None when the user does not choose one.

    title: of the dialog, by default the desktop's. directory: where it begins; by default where the user was last.
    types: what it offers, as in {"Images": ["*.png", "*.jpg"], "All files": ["*"]}, the first to begin with; case
    does not matter. None: all files.
    """
    answer = await asking.ask(parameters.open_files(title, directory, types, several=False), name)
    return parameters.first(answer)


async def open_files(
    title: str = "",
    *,
    directory: str | Path = "",
    types: Mapping[str, Sequence[str]] | None = None,
    name: str | None = None,
) -> list[Path]:
    """Which files to open, one or more; none when the user does not choose. See `open_file`."""
    answer = await asking.ask(parameters.open_files(title, directory, types, several=True), name)
    return parameters.all_of(answer)


async def save_file(
    title: str = "",
    *,
    directory: str | Path = "",
    file_name: str = "",
    types: Mapping[str, Sequence[str]] | None = None,
    name: str | None = None,
) -> Path | None:
    """Where to save a file; None when the user does not choose. He was asked before an existing one is overwritten.

    file_name: that is proposed; for the others see `open_file`.
    """
    return parameters.first(await asking.ask(parameters.save(title, directory, file_name, types), name))


async def choose_folder(title: str = "", *, directory: str | Path = "", name: str | None = None) -> Path | None:
    """Which directory to take; None when the user does not choose one. See `open_file`."""
    return parameters.first(await asking.ask(parameters.folder(title, directory), name))


async def confirm(title: str, text: str = "", *, accept: str = "", name: str | None = None) -> bool:
    """Return whether the user agrees; not when he closes the dialog.

    title: the question, as in "Delete 3 notes?". text: what there is to say of it. accept: what the button says, as
    in "Delete"; "" is the desktop's "OK".
    """
    return (await asking.ask(parameters.confirm(title, text, accept), name)).accepted


async def message(title: str, text: str = "", *, name: str | None = None) -> None:
    """Tell the user something, and wait until he has closed it."""
    await asking.ask(parameters.message(title, text), name)


async def notify(title: str, body: str = "", *, name: str | None = None) -> None:
    """Show a notification of the desktop's; also `wesktop.notify`. Returns when the desktop has taken it.

    title, body: plain text; how long it is shown, and how much of it, is the desktop's. It needs a window of the
    app's, though not one in front. Raises WindowError when there is no notification service.
    """
    await asking.ask(parameters.notice(title, body), name)


def __getattr__(name: str) -> object:
    if name == "blocking":  # for `dialogs.blocking.confirm()`; late, as it is built on this package
        from importlib import import_module

        return import_module("wesktop.dialogs.blocking")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
