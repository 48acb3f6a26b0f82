"""open_window(): another window on an app that runs; it stays when its opener ends."""

import socket
import subprocess
from dataclasses import replace
from typing import Any

import msgspec

from wesktop.window.opening.declarations import BY_NAME
from wesktop.window.opening.display import check_display
from wesktop.window.opening.options import check_background, check_size, from_fields, window_spec
from wesktop.window.opening.process_end import window_error
from wesktop.window.spec import Attached, Closed, NotOpened, Opened, ServerAddress, WindowSpec, further
from wesktopd import client, configs
from wesktopd.context import app_name
from wesktopd.control.connection import attach
from wesktopd.errors import ConfigurationError, ControlTimeoutError, from_wire
from wesktopd.guard.local_path import check_path
from wesktopd.instance.own_host import host_in
from wesktopd.paths import AppPaths
from wesktopd.system import ChildProcess, control_socket, start_child
from wesktopd.wire.control_messages import MAX_FRAME
from wesktopd.wire.lines import LineReader
from wesktopd.wire.worker_messages import decode, encode

OPENS_WITHIN = 60.0  # seconds; WebKitGTK takes 55 where the desktop's accessibility does not answer
ATTACHES_WITHIN = 10.0  # seconds from when it is on the screen
ENDS_WITHIN = 2.0  # seconds that its process has when it has ended its channel


def open_window(
    path: str = "/",
    *,
    title: str | None = None,
    width: int | None = None,
    height: int | None = None,
    name: str | None = None,
) -> None:
    """Open another window on a running app, and return when it is on the screen.

    Call it from the app, in a handler that is no `async def` or by `await asyncio.to_thread(wesktop.open_window,
    ...)`, since it takes half a second; or from any process of the same user, with `name`. An app that ends with its
    window then ends with its last one.

    path: of the app, where the window begins, as in "/notes/3?edit=1#title"; in ASCII.
    title, width, height: of the window, the size in pixels; None takes what `run()` was given.
    name: of the app; None is the one that calls.

    Raises ConfigurationError for a parameter that does not fit; NotRunningError where no such app runs;
    NoDisplayError, NoBackendError or WindowError when no window can be opened; ControlTimeoutError when none is there
    within a minute.
    """
    name = app_name(name, "open_window()")
    if not isinstance(path, str):
        raise ConfigurationError(f"path must be a str, not {path!r}.")
    check_path(path)
    spec = client.config(name)
    look = replace(_adapted(described(name, spec), title, width, height), own_host=host_in(client.link(name)))
    if client.status(name).windows:
        look = further(look)
    check_display(look.gui)
    at = ServerAddress(
        socket=str(AppPaths(name).control), name=name, path=path, stays=True, one_shot=spec.get("one_shot", False)
    )
    with attach(AppPaths(name).control, name, "caller"):  # else it might end meanwhile, with its last window
        opened = start_child("wesktop.window", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            opened.send(encode(look))
            opened.send(encode(at))
            _wait_until_open(opened, name)
        except BaseException:
            opened.abandon()
            raise
        opened.leave()


def described(name: str, spec: dict[str, Any]) -> WindowSpec:
    """The window as the app's spec has it. Raises ConfigurationError for a description that is none.

    Of one that has come by TCP nothing is taken but how the window looks: the rest is that of the app's config file,
    or else as it is where nothing is asked for. So whoever answers there cannot have it write files, or do more.
    """
    received = _look(name, spec)
    if AppPaths(name).control.suffix != control_socket.SUFFIX:
        return received
    check_size(received.width, received.height)
    colour = check_background(received.background)
    return replace(
        _look(name, _kept(name)),
        title=received.title,
        width=received.width,
        height=received.height,
        background=colour,
    )


def _kept(name: str) -> dict[str, Any]:
    """The app's spec as its config file has it; empty where there is none that can be relied on."""
    try:
        fields: dict[str, Any] = msgspec.to_builtins(configs.load(name))
    except ConfigurationError:
        return {}
    return fields


def _look(name: str, spec: dict[str, Any]) -> WindowSpec:
    try:
        return from_fields(spec["window"])
    except KeyError:
        return window_spec(
            name,
            title=name,
            width=1280,
            height=800,
            background="#ffffff",
            icon=None,
            gui=None,
            debug=False,
        )
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"the window of {name!r} is described by something else: {error}.") from None


def _adapted(look: WindowSpec, title: str | None, width: int | None, height: int | None) -> WindowSpec:
    if title is not None:
        BY_NAME["title"].check(title)
    changes: dict[str, Any] = {"title": title, "width": width, "height": height}
    found = replace(look, **{option: value for option, value in changes.items() if value is not None})
    if title is not None:
        found = replace(found, follows_title=False)
    check_size(found.width, found.height)
    return found if width is height is None else replace(found, geometry=None)  # that of the last window gives way


def _wait_until_open(opened: ChildProcess, name: str) -> None:
    """It is open when it is on the screen, and the server knows of it."""
    lines, missing = LineReader(MAX_FRAME), {Opened, Attached}
    opened.channel.settimeout(OPENS_WITHIN)
    try:
        while data := _receive(opened.channel):
            for line in lines.feed(data):
                message = decode(line, Opened, NotOpened, Attached, Closed)
                if isinstance(message, NotOpened):
                    raise from_wire(message.error, message.message)
                missing.discard(type(message))
            if not missing:
                return
            if Opened not in missing:
                opened.channel.settimeout(ATTACHES_WITHIN)
    except TimeoutError:
        if Opened in missing:
            late = f"the window of {name!r} was not there within {OPENS_WITHIN:g} s: `wesktop doctor` may say why."
        else:
            late = f"{name!r} did not take up its window within {ATTACHES_WITHIN:g} s."
        raise ControlTimeoutError(late) from None
    _check_end(opened, was_open=Opened not in missing)


def _check_end(opened: ChildProcess, *, was_open: bool) -> None:
    """Raise what is wrong with a window that has ended already; its user may have been quick."""
    try:
        code = opened.process.wait(ENDS_WITHIN)
    except subprocess.TimeoutExpired:
        code = 0
    error = window_error(code, opened=was_open)
    if error is not None:
        raise error


def _receive(channel: socket.socket) -> bytes:
    """Return what the window sends; nothing if it has ended, even before it has read its messages."""
    try:
        return channel.recv(4096)
    except ConnectionError:
        return b""
