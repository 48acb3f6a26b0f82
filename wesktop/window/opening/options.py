"""Checks how a window was asked for, and describes it to its process."""

import inspect
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from wesktop.window.frame.geometry import MOST
from wesktop.window.frame.menu import check_menu
from wesktop.window.opening.declarations import BY_NAME, WINDOW_OPTIONS
from wesktop.window.policy.rules import PERMISSIONS
from wesktop.window.spec import WindowSpec
from wesktopd.errors import ConfigurationError
from wesktopd.paths import storage_dir, window_file, zoom_file
from wesktopd.text import sendable, sent_path

OWN_CHECKS = ("icon", "window", "background", "permissions", "confirm_close", "menu")

# The first bytes of what the toolkits read: PNG, JPEG, GIF, BMP, ICO, WebP, TIFF, and SVG, which is text.
_MAGIC = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"BM", b"\0\0\1\0", b"RIFF", b"II*\0", b"MM\0*")
_OURS = {  # set from run()'s own parameters, or of no use in a process of its own
    "title",
    "url",
    "html",
    "width",
    "height",
    "background_color",
    "js_api",
    "server",
    "server_args",
    "confirm_close",
    "menu",
    "http_port",
    "screen",
}
_PLACES = range(-(2**15), 2**15)  # where X can put a window (X Window System Protocol, INT16)


def window_spec(
    app_id: str,
    *,
    title: str | None,
    width: int,
    height: int,
    background: str,
    icon: str | os.PathLike[str] | None,
    gui: str | None,
    debug: bool,
    window: dict[str, Any] | None = None,
    permissions: Iterable[str] = (),
    downloads: bool = True,
    remember_geometry: bool = True,
    confirm_close: bool | str = False,
    on_close: str = "quit",
    menu: Sequence[dict[str, Any]] = (),
    text_select: bool = True,
    context_menu: bool = True,
    zoom: bool = True,
    spellcheck: Sequence[str] | None = None,
) -> WindowSpec:
    """Describe the window as `run()` was asked for it. Raises ConfigurationError for what does not fit."""
    given = locals()
    for option in WINDOW_OPTIONS:
        if option.name not in OWN_CHECKS:
            option.check(given[option.name])
    named = app_id if title is None else title
    return WindowSpec(
        app_id=app_id,
        title=named,
        follows_title=title is None or title == BY_NAME["title"].default,
        width=width,
        height=height,
        background=check_background(background),
        storage=check_storage(str(storage_dir(app_id))),
        icon=check_icon(icon),
        gui=gui,
        debug=debug,
        options={"text_select": text_select, "zoomable": zoom, **check_options(window or {})},
        permissions=check_permissions(permissions),
        downloads=downloads,
        geometry=str(window_file(app_id)) if remember_geometry else None,
        confirm_close=check_question(confirm_close, named),
        on_close=on_close,
        menu=check_menu(menu),
        context_menu=context_menu,
        can_zoom=zoom,
        zoom=str(zoom_file(app_id)) if zoom else None,
        spellcheck=None if spellcheck is None else [*spellcheck],
    )


def as_fields(look: WindowSpec) -> dict[str, Any]:
    """The window's description as the app's spec carries it, for `wesktop ctl open`; see `from_fields`."""
    fields: dict[str, Any] = msgspec.to_builtins(look)
    return {
        **fields,
        "geometry": look.geometry and sendable(look.geometry),
        "zoom": look.zoom and sendable(look.zoom),
    }


def from_fields(fields: dict[str, Any]) -> WindowSpec:
    """The description that `as_fields` has made these of. Raises msgspec.ValidationError for anything else."""
    look = msgspec.convert(fields, WindowSpec)
    return replace(look, geometry=look.geometry and sent_path(look.geometry), zoom=look.zoom and sent_path(look.zoom))


def check_storage(storage: str) -> str:
    """Check a path for WebKitGTK, which takes text, not the bytes of a file name. Raises ConfigurationError."""
    if sendable(storage) != storage:
        raise ConfigurationError(
            f"the window's storage {storage!r} is not UTF-8: set XDG_DATA_HOME to a directory whose name is."
        )
    return storage


def check_size(width: object, height: object) -> None:
    """Refuse a size that no toolkit can show; raises ConfigurationError."""
    BY_NAME["width"].check(width)
    BY_NAME["height"].check(height)


def check_background(background: object) -> str:
    """The colour as #rrggbb; raises ConfigurationError for what is not #rgb or #rrggbb."""
    digits = background.removeprefix("#") if isinstance(background, str) else ""
    if len(digits) not in (3, 6) or background == digits or not set(digits) <= set("0123456789abcdefABCDEF"):
        raise ConfigurationError(f"background {background!r} is not a colour: give one such as '#1e2227'.")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    return f"#{digits.lower()}"


def check_icon(icon: str | os.PathLike[str] | None) -> str | None:
    """The icon's absolute path; raises ConfigurationError when it is missing or no image."""
    if icon is None:
        return None
    if not isinstance(icon, str | os.PathLike) or "\0" in os.fspath(icon):
        raise ConfigurationError(f"icon {icon!r} is not a path: give that of a PNG, SVG or ICO file.")
    path = Path(icon).absolute()
    try:
        with path.open("rb") as file:
            start = file.read(512)
    except OSError as error:
        raise ConfigurationError(f"icon {str(icon)!r} cannot be read: {error.strerror}.") from None
    if not start.startswith(_MAGIC) and b"<svg" not in start and not start.lstrip().startswith(b"<?xml"):
        raise ConfigurationError(f"icon {str(icon)!r} is not an image: give a PNG, SVG or ICO file.")
    return str(path)


def check_permissions(permissions: object) -> list[str]:
    """The permissions, each once; raises ConfigurationError for what is none."""
    if isinstance(permissions, str) or not isinstance(permissions, Iterable):
        raise ConfigurationError(f"permissions must be a list such as ['camera'], not {permissions!r}.")
    asked = list(permissions)
    for name in asked:
        if name not in PERMISSIONS:
            raise ConfigurationError(f"permission {name!r} is unknown: there are {', '.join(PERMISSIONS)}.")
    return sorted(set(asked))


def check_flag(option: str, value: object) -> bool:
    """Refuse what is neither True nor False; raises ConfigurationError."""
    if not isinstance(value, bool):
        raise ConfigurationError(f"{option} {value!r} is neither True nor False.")
    return value


def check_question(confirm_close: object, title: str) -> str | None:
    """Return the question to the user. Raises ConfigurationError for anything but a string, True or False."""
    if isinstance(confirm_close, bool):
        return f"Close {title}?" if confirm_close else None
    if not isinstance(confirm_close, str) or not confirm_close.strip():
        raise ConfigurationError(f"confirm_close must be True, False or a question, not {confirm_close!r}.")
    return confirm_close


def check_options(options: dict[str, Any]) -> dict[str, Any]:
    """Refuse an option that `webview.create_window` has not, or that is ours, or a value that is none of its own;
    raises ConfigurationError.
    """
    if not isinstance(options, dict):
        raise ConfigurationError(f"window {options!r} is not a dict: give options such as {{'resizable': False}}.")
    if not options:
        return {}
    import webview

    parameters = inspect.signature(webview.create_window).parameters
    known = set(parameters) - _OURS
    for option, value in options.items():
        if option not in known:
            raise ConfigurationError(
                f"window option {option!r} is unknown: pywebview has {', '.join(sorted(known))}."
            )
        try:
            json.dumps(value)
        except (TypeError, ValueError):
            raise ConfigurationError(
                f"window option {option!r} must be a number, string, boolean or list, not {value!r}: "
                "the window is a separate process."
            ) from None
        _check_value(option, value, is_flag=isinstance(parameters[option].default, bool))
    return dict(options)


def _check_value(option: str, value: object, *, is_flag: bool) -> None:
    """Refuse a value that is of another type than `webview.create_window` documents; raises ConfigurationError."""
    named = f"window option {option!r}"
    if option in ("x", "y"):
        if value is not None and not (_is_whole(value) and value in _PLACES):
            raise ConfigurationError(
                f"{named} must be {_PLACES.start} to {_PLACES.stop - 1} pixels or None, not {value!r}."
            )
    elif option == "min_size":
        sides = value if isinstance(value, list | tuple) else ()
        if len(sides) != 2 or not all(_is_whole(side) and 0 <= side <= MOST for side in sides):
            raise ConfigurationError(
                f"{named} must be a width and a height of 0 to {MOST} pixels, such as (200, 100), not {value!r}."
            )
    elif option == "localization":
        words = value if isinstance(value, dict) else {None: None}
        if value is not None and not all(isinstance(word, str) for pair in words.items() for word in pair):
            raise ConfigurationError(
                f"{named} must be a dict of strings such as {{'global.saveFile': 'Save as'}}, not {value!r}."
            )
    elif is_flag:
        check_flag(named, value)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
