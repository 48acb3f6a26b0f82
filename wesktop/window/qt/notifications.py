"""Calls the desktop's notification service by jeepney, as PySide6 cannot send an unsigned integer."""

from typing import Any

from wesktop.window.backends import PIP_QT
from wesktop.window.dialogs.notifications import BUS_NAME, INTERFACE, PATH, TIMEOUT
from wesktopd.errors import WindowError

SIGNATURE = "susssasa{sv}i"


def call(method: str, *arguments: Any) -> Any:
    """Call a method, and what it returns; from any thread. Raises WindowError."""
    try:
        from jeepney import DBusAddress, new_method_call
        from jeepney.io.blocking import open_dbus_connection
        from jeepney.wrappers import DBusErrorResponse, unwrap_msg
    except ImportError:
        raise WindowError(f"the desktop shows no notification without jeepney. Install it: {PIP_QT}") from None
    service = DBusAddress(PATH, BUS_NAME, INTERFACE)
    if arguments:
        *plain, hints, timeout = arguments
        variants = {name: ("s", value) for name, value in hints.items()}
        message = new_method_call(service, method, SIGNATURE, (*plain, variants, timeout))
    else:
        message = new_method_call(service, method)
    try:
        with open_dbus_connection(bus="SESSION") as bus:
            (found,) = unwrap_msg(bus.send_and_get_reply(message, timeout=TIMEOUT))
    except KeyError:
        raise WindowError("the desktop shows no notification: DBUS_SESSION_BUS_ADDRESS is not set.") from None
    except (OSError, ValueError, RuntimeError, DBusErrorResponse) as error:
        raise WindowError(f"the desktop shows no notification: {error}") from None
    return found
