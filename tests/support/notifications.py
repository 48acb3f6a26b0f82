"""A session bus of one's own, with a notification service on it that writes down what it shows; or one that hangs."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from support.waiting import wait_for
from wesktop.window.backends import system_pygobject

# Desktop Notifications Specification 1.2, as much as clients see of it.
SERVICE = """
import json, sys
sys.path.append(sys.argv[1])
from gi.repository import Gio, GLib

capabilities, said = json.loads(sys.argv[2]), open(sys.argv[3], "a", buffering=1)
interface = Gio.DBusNodeInfo.new_for_xml('''<node><interface name="org.freedesktop.Notifications">
<method name="GetCapabilities"><arg type="as" direction="out"/></method>
<method name="Notify"><arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/>
<arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="as" direction="in"/>
<arg type="a{sv}" direction="in"/><arg type="i" direction="in"/><arg type="u" direction="out"/></method>
</interface></node>''').interfaces[0]

def called(connection, sender, path, name, method, parameters, invocation):
    if method == "GetCapabilities":
        invocation.return_value(GLib.Variant("(as)", (capabilities,)))
    else:
        said.write(json.dumps(parameters.unpack()) + "\\n")
        invocation.return_value(GLib.Variant("(u)", (1,)))

def acquired(connection, name):
    connection.register_object("/org/freedesktop/Notifications", interface, called, None, None)

def named(connection, name):
    print("ready", flush=True)

name, flags = "org.freedesktop.Notifications", Gio.BusNameOwnerFlags.NONE
Gio.bus_own_name(Gio.BusType.SESSION, name, flags, acquired, named, None)
GLib.MainLoop().run()
"""
HUNG = """
import os, signal, sys
sys.path.append(sys.argv[1])
from gi.repository import Gio, GLib

def named(connection, name):
    print("ready", flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)

Gio.bus_own_name(Gio.BusType.SESSION, sys.argv[2], Gio.BusNameOwnerFlags.NONE, None, named, None)
GLib.MainLoop().run()
"""

# Nothing is started on demand, the desktop's accessibility above all: a window waits for it.
CONFIGURATION = """
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <policy context="default"><allow send_destination="*"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>
"""


class Bus:
    """A session bus at `address`, and what its notification service, if there is one, was asked to show."""

    def __init__(self, address: str, directory: Path) -> None:
        self.address = address
        self._said = directory / "notifications"

    def serving(self, *capabilities: str) -> AbstractContextManager[None]:
        """Have the service for as long as the context lasts."""
        return self._having(SERVICE, json.dumps(capabilities), str(self._said))

    def hanging(self, name: str) -> AbstractContextManager[None]:
        """Have a service of this name, which answers nothing, for as long as the context lasts."""
        return self._having(HUNG, name)

    @contextmanager
    def _having(self, script: str, *arguments: str) -> Iterator[None]:
        command = [sys.executable, "-c", script, str(system_pygobject()), *arguments]
        env = {"DBUS_SESSION_BUS_ADDRESS": self.address}
        with subprocess.Popen(command, env=env, stdout=subprocess.PIPE) as service:
            try:
                assert service.stdout is not None
                assert service.stdout.readline() == b"ready\n"
                yield
            finally:
                service.kill()

    def shown(self) -> list[Any]:
        """The arguments of each call."""
        text = self._said.read_text() if self._said.exists() else ""
        return [json.loads(line) for line in text.splitlines()]

    def wait(self) -> list[Any]:
        """Those of the one call, once it has come."""
        found: list[Any] = wait_for(self.shown, "a notification")
        assert len(found) == 1
        return found[0]  # type: ignore[no-any-return]


@contextmanager
def own_bus(directory: Path) -> Iterator[Bus]:
    """A session bus for as long as the context lasts."""
    configuration = directory / "bus.conf"
    configuration.write_text(CONFIGURATION)
    command = ["dbus-daemon", f"--config-file={configuration}", "--nofork", "--nopidfile", "--print-address"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as daemon:
        try:
            assert daemon.stdout is not None
            address = daemon.stdout.readline().strip()
            assert address, "dbus-daemon did not start"
            yield Bus(address, directory)
        finally:
            daemon.kill()
