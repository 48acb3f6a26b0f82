"""Calls the desktop's notification service by Qt's D-Bus."""

from typing import Any

from qtpy.QtDBus import QDBusConnection, QDBusMessage

from wesktop.window.notifications import BUS_NAME, INTERFACE, PATH, TIMEOUT
from wesktopd.errors import WindowError


def call(method: str, *arguments: Any) -> Any:
    """Call a method, and what it returns; from any thread. Raises WindowError."""
    message = QDBusMessage.createMethodCall(BUS_NAME, PATH, INTERFACE, method)
    message.setArguments([*arguments])
    answer = QDBusConnection.sessionBus().call(message, timeout=int(TIMEOUT * 1000))
    if answer.type() == QDBusMessage.MessageType.ErrorMessage:
        raise WindowError(f"the desktop shows no notification: {answer.errorMessage()}.")
    return answer.arguments()[0]
