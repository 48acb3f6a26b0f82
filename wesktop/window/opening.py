"""Opens a window on an app that runs; the window stays when its opener ends."""

import subprocess

import msgspec

from wesktop.window.display import check_display
from wesktop.window.options import window_spec
from wesktop.window.spec import Attachable, NotOpened, Opened, WindowSpec
from wesktopd import client
from wesktopd.channel import decode, encode
from wesktopd.errors import ConfigurationError, WindowError, from_wire
from wesktopd.launch import Launched, launch
from wesktopd.paths import AppPaths
from wesktopd.protocol import Lines


def open_window(name: str) -> None:
    """Open a window on the app, and return when it is on the screen.

    It looks as `run()` was asked for it; as by default where the app was started without a window. Raises
    NotRunningError, NoDisplayError, NoBackendError or WindowError.
    """
    look = _look(name)
    check_display(look.gui)
    opened = launch("wesktop.window", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    opened.tell(encode(look))
    opened.tell(encode(Attachable(socket=str(AppPaths(name).control), name=name, stays=True)))
    try:
        _wait_until_open(opened)
    except BaseException:
        opened.abandon()
        raise
    opened.leave()


def _look(name: str) -> WindowSpec:
    spec = client.config(name)
    try:
        return msgspec.convert(spec["window"], WindowSpec)
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
            options={},
        )
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"the window of {name!r} is described by something else: {error}.") from None


def _wait_until_open(opened: Launched) -> None:
    lines = Lines()
    while data := opened.channel.recv(4096):
        for line in lines.feed(data):
            message = decode(line, Opened, NotOpened)
            if isinstance(message, NotOpened):
                raise from_wire(message.error, message.message)
            return
    code = opened.process.wait()
    raise WindowError(f"the window's process ended with exit code {code} before it had opened a window.")
