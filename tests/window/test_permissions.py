"""What the page may use of the machine."""

from collections.abc import Callable

import pytest

from support.scripts import Script
from support.waiting import wait_for
from window.shown import Shown

pytestmark = pytest.mark.window

Show = Callable[..., Shown]

# How a page asks when it is clicked, and what it says where it is refused; where it is not, that is "granted".
GEOLOCATION = """navigator.geolocation.getCurrentPosition(
    () => say("granted"), error => say(error.code == error.PERMISSION_DENIED ? "denied" : "granted"), {timeout: 1000}
)"""
POINTER_LOCK = """document.onpointerlockchange = () => say("granted");
    document.onpointerlockerror = () => say("denied");
    document.documentElement.requestPointerLock()"""
CLIPBOARD = 'navigator.clipboard.readText().then(() => say("granted"), error => say(error.name))'
ASKS = {
    "geolocation": (GEOLOCATION, "denied"),
    "notifications": ("Notification.requestPermission().then(say)", "denied"),
    "clipboard": (CLIPBOARD, "NotAllowedError"),
    "pasting": ("say(document.execCommand('paste') ? 'granted' : 'denied')", "denied"),
    "pointer-lock": (POINTER_LOCK, "denied"),
}
NAMES = {"pasting": "clipboard"}


def on_click(script: str) -> str:
    """The arguments of a page that runs `script` when it is clicked."""
    return f"script={f'onclick = () => {{ {script} }}'!r}"


@pytest.mark.parametrize("what", ASKS)
def test_a_page_may_use_nothing_unasked(turn: Callable[[str], Shown], what: str) -> None:
    ask, refusal = ASKS[what]
    shown = turn(on_click(ask))
    shown.click()
    shown.hear(refusal)
    assert "granted" not in shown.said()


@pytest.mark.parametrize("what", ASKS)
def test_a_page_may_use_what_was_asked_for(show: Show, what: str) -> None:
    shown = show(f"permissions=[{NAMES.get(what, what)!r}]", on_click(ASKS[what][0])).ready()
    refusal = ASKS[what][1]
    for clicks in range(1, 6):
        shown.click()
        wait_for(lambda: "granted" in shown.said() or shown.said().count(refusal) == clicks, "an answer")  # noqa: B023
        if "granted" in shown.said():
            return
    # A click counts for five seconds (HTML, "transient activation"): on a stalled machine it may be over by then.
    raise AssertionError(f"five clicks: {shown.said()}")


def test_a_page_may_write_to_the_clipboard_when_it_is_clicked(show: Show) -> None:
    """In a window of its own: what a page has written to the clipboard, pages of its origin may read."""
    script = "navigator.clipboard.writeText('text').then(() => say('written'), error => say(error.name))"
    shown = show(page=on_click(script)).ready()
    shown.click()
    shown.hear("written")


# WebKit has cameras and microphones that are none; which pywebview knows nothing of.
MEDIA = """
from wesktop.window.backends import has_gtk

assert has_gtk()
import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gtk, WebKit2
from wesktop.window.gtk.policy import apply
from wesktop.window.policy.rules import Rules

webview = WebKit2.WebView()
webview.get_settings().set_enable_media_stream(True)
webview.get_settings().set_enable_mock_capture_devices(True)
rules = Rules({permissions})
rules.belongs_to("http://127.0.0.1/")
apply(webview, rules)
webview.connect("notify::title", lambda *_: (print(webview.get_title(), flush=True), Gtk.main_quit()))
window = Gtk.Window()
window.add(webview)
window.show_all()
webview.load_html('''<script>
navigator.mediaDevices.{call}({constraints}).then(() => document.title = "granted", e => document.title = e.name)
</script>''', "http://127.0.0.1/")
Gtk.main()
"""


@pytest.mark.parametrize(
    ("permissions", "constraints", "outcome"),
    [
        ([], "{video: true}", "NotAllowedError"),
        ([], "{audio: true}", "NotAllowedError"),
        (["camera"], "{video: true}", "granted"),
        (["camera"], "{audio: true}", "NotAllowedError"),
        (["camera"], "{audio: true, video: true}", "NotAllowedError"),
        (["microphone"], "{audio: true}", "granted"),
        (["microphone"], "{video: true}", "NotAllowedError"),
        (["camera", "microphone"], "{audio: true, video: true}", "granted"),
    ],
)
def test_camera_and_microphone_are_two_permissions(
    start: Callable[..., Script], permissions: list[str], constraints: str, outcome: str
) -> None:
    source = MEDIA.format(permissions=permissions, call="getUserMedia", constraints=constraints)
    script = start("media", source)
    assert script.wait() == 0, script.output
    assert script.output.splitlines()[-1] == outcome
