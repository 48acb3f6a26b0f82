"""Notifications by the desktop: D-Bus on Linux, fixed scripts with their values in the environment elsewhere.

org.freedesktop.Notifications, Desktop Notifications Specification 1.2.
"""

import base64
import html
import os
import subprocess
from collections.abc import Callable, Sequence
from typing import Any

from wesktopd.errors import WindowError

BUS_NAME = INTERFACE = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"
TIMEOUT = 5.0  # seconds that the desktop has to show it in
BODY_MARKUP = "body-markup"  # a capability: the body is a kind of HTML

Call = Callable[..., Any]
"""`call(method, *arguments)`, which returns what the method does, and raises WindowError."""

# By their full paths: Windows would look into the working directory first.
SYSTEM_ROOT = os.environ.get("SYSTEMROOT", r"C:\Windows")
PROGRAMS = {
    "darwin": "/usr/bin/osascript",
    "win32": rf"{SYSTEM_ROOT}\System32\WindowsPowerShell\v1.0\powershell.exe",
}

# Both take their values from the environment: nothing is ever pasted into a script.
JXA = """
ObjC.import("Foundation");
const value = name => ObjC.unwrap($.NSProcessInfo.processInfo.environment.objectForKey(name));
const app = Application.currentApplication();
app.includeStandardAdditions = true;
app.displayNotification(value("WESKTOP_BODY"), {withTitle: value("WESKTOP_TITLE")});
"""
POWERSHELL = """
$ErrorActionPreference = "Stop"
[Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime] | Out-Null
$toasts = [Windows.UI.Notifications.ToastNotificationManager]
$xml = $toasts::GetTemplateContent([Windows.UI.Notifications.ToastTemplateType]::ToastText02)
$texts = $xml.GetElementsByTagName("text")
$texts.Item(0).AppendChild($xml.CreateTextNode($env:WESKTOP_TITLE)) | Out-Null
$texts.Item(1).AppendChild($xml.CreateTextNode($env:WESKTOP_BODY)) | Out-Null
$toast = New-Object Windows.UI.Notifications.ToastNotification $xml
$toasts::CreateToastNotifier($env:WESKTOP_APP_ID).Show($toast)
"""


def notify_by_bus(call: Call, title: str, body: str, app_id: str, icon: str | None) -> None:
    """Show a notification by the desktop's service, whose methods `call` calls. Raises what that does."""
    capabilities: Sequence[str] = call("GetCapabilities")
    call("Notify", *arguments(title, body, app_id, icon, capabilities))


def arguments(title: str, body: str, app_id: str, icon: str | None, capabilities: Sequence[str]) -> tuple[Any, ...]:
    """Return the arguments of Notify: susssasa{sv}i, all hints being strings.

    The body is text: markup in it is escaped for services that read markup, and only for those.
    """
    shown = html.escape(body, quote=False) if BODY_MARKUP in capabilities else body
    return app_id, 0, icon or "", title, shown, [], {"desktop-entry": app_id}, -1


def script_command(platform: str) -> list[str]:
    """Return the command that shows a notification on "darwin" or "win32"; always the same."""
    if platform == "darwin":
        return [PROGRAMS[platform], "-l", "JavaScript", "-e", JXA]
    encoded = base64.b64encode(POWERSHELL.encode("utf-16-le")).decode()
    return [PROGRAMS[platform], "-NoProfile", "-NonInteractive", "-EncodedCommand", encoded]


def run_script(platform: str, title: str, body: str, app_id: str) -> None:
    """Run it, with the values in its environment. Raises WindowError."""
    env = {**os.environ, "WESKTOP_TITLE": title, "WESKTOP_BODY": body, "WESKTOP_APP_ID": app_id}
    try:
        command = script_command(platform)  # ours, and always the same
        subprocess.run(command, env=env, check=True, capture_output=True, timeout=TIMEOUT)  # noqa: S603
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise WindowError(f"the desktop shows no notification: {error}") from None
