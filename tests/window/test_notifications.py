"""wesktop.notify(): what the desktop's notification service is asked to show, over a real session bus."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.notifications import Bus, own_bus
from support.scripts import Script
from support.waiting import wait_for
from window.desk_program import DeskProgram
from window.images import png

pytestmark = pytest.mark.window

Show = Callable[..., DeskProgram]
HOSTILE = "3 < 4 & <b>bold</b> <img src='file:///x'> \"'\n$(x) Grüße"
ESCAPED = "3 &lt; 4 &amp; &lt;b&gt;bold&lt;/b&gt; &lt;img src='file:///x'&gt; \"'\n$(x) Grüße"


@pytest.fixture
def bus(home: Path) -> Iterator[Bus]:
    """A session bus."""
    with own_bus(home) as made:
        yield made


@pytest.mark.parametrize("path", ["/ask", "/ask/blocking"], ids=["async", "blocking"])
@pytest.mark.parametrize(("capabilities", "body"), [(("body", "body-markup"), ESCAPED), (("body",), HOSTILE)])
def test_the_desktop_shows_it_as_plain_text(
    show_desk: Show, bus: Bus, home: Path, path: str, capabilities: tuple[str, ...], body: str
) -> None:
    (home / "icon.png").write_bytes(png((1, 2, 3), 32))
    desk = show_desk("icon='icon.png'", DBUS_SESSION_BUS_ADDRESS=bus.address)
    with bus.serving(*capabilities):
        assert desk.asking("notify", path, title=HOSTILE, body=HOSTILE).answer() is True
        name, replaces, icon, title, shown, actions, hints, timeout = bus.wait()
    assert (name, replaces, actions, timeout) == ("desk", 0, [], -1)
    assert hints == {"desktop-entry": "desk"}
    assert icon == str(home / "icon.png")
    assert (title, shown) == (HOSTILE, body)


@pytest.mark.parametrize("path", ["/ask", "/ask/blocking"], ids=["async", "blocking"])
def test_without_a_service_it_returns_false_and_the_log_has_the_reason(show_desk: Show, bus: Bus, path: str) -> None:
    desk = show_desk(DBUS_SESSION_BUS_ADDRESS=bus.address)
    assert desk.asking("notify", path, title="a").answer() is False
    wait_for(lambda: "notification is not shown" in desk.script.output, "the reason")


def test_without_a_bus_it_returns_false(show_desk: Show) -> None:
    desk = show_desk(DBUS_SESSION_BUS_ADDRESS="unix:path=/nowhere")
    assert desk.asking("notify", title="a").answer() is False


def test_one_beside_an_open_dialog(show_desk: Show, bus: Bus) -> None:
    desk = show_desk(DBUS_SESSION_BUS_ADDRESS=bus.address)
    asking = desk.asking("open_file", title="Choose")
    desk.titled("Choose")
    with bus.serving():
        assert desk.asking("notify", title="meanwhile").answer() is True
        assert bus.wait()[3] == "meanwhile"
    desk.type("Escape")
    assert asking.answer() is None


def test_a_script_notifies_by_the_apps_name(show_desk: Show, bus: Bus, start_script: Callable[..., Script]) -> None:
    show_desk(DBUS_SESSION_BUS_ADDRESS=bus.address)
    with bus.serving():
        source = "import asyncio, wesktop\nasyncio.run(wesktop.notify('Backup', 'is done', name='desk'))"
        assert start_script("notifies", source).wait() == 0
        assert bus.wait()[3:5] == ["Backup", "is done"]
