"""Calls the desktop's notification service by GLib's D-Bus."""

from typing import Any

from wesktop.window.dialogs.notifications import BUS_NAME, INTERFACE, PATH, TIMEOUT
from wesktopd.errors import WindowError


def call(method: str, *arguments: Any) -> Any:
    """Call a method, and what it returns; from any thread. Raises WindowError."""
    from gi.repository import Gio, GLib

    parameters = None
    if arguments:
        *plain, hints, timeout = arguments
        variants = {name: GLib.Variant("s", value) for name, value in hints.items()}
        parameters = GLib.Variant("(susssasa{sv}i)", (*plain, variants, timeout))
    try:
        bus = Gio.bus_get_sync(Gio.BusType.SESSION, None)
        flags = Gio.DBusCallFlags.NONE
        answer = bus.call_sync(BUS_NAME, PATH, INTERFACE, method, parameters, None, flags, int(TIMEOUT * 1000), None)
    except GLib.Error as error:
        raise WindowError(f"the desktop shows no notification: {error.message}.") from None
    (found,) = answer.unpack()
    return found
