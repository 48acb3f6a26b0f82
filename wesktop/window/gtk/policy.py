"""The policy on WebKitGTK."""

from pathlib import Path
from typing import Any

from gi.repository import Gio, GLib, Gtk, WebKit2

from wesktop.window.policy.browser import open_in_browser
from wesktop.window.policy.new_windows import SCRIPT
from wesktop.window.policy.rules import Rules, Verdict, file_name
from wesktopd.guard.security_headers import WINDOW

_LINKS = ("text/uri-list", "_NETSCAPE_URL")  # in which WebKit looks for one
_BY_USER = (WebKit2.NavigationType.LINK_CLICKED, WebKit2.NavigationType.FORM_SUBMITTED)


def apply(webview: Any, rules: Rules) -> None:
    """Put the web view under the rules, in place of what pywebview decides."""
    settings = webview.get_settings()
    settings.set_user_agent_with_application_details(WINDOW, None)
    settings.set_allow_file_access_from_file_urls(False)
    settings.set_allow_universal_access_from_file_urls(False)
    settings.set_javascript_can_open_windows_automatically(False)
    # What it allows is reading without being asked; writing when the user clicks needs no leave.
    settings.set_javascript_can_access_clipboard(rules.allows("clipboard"))
    frames, start = WebKit2.UserContentInjectedFrames.ALL_FRAMES, WebKit2.UserScriptInjectionTime.START
    webview.get_user_content_manager().add_script(WebKit2.UserScript.new(SCRIPT, frames, start, None, None))
    navigation = _Navigation(rules)
    webview.connect("decide-policy", navigation.on_decide)
    webview.connect("drag-data-received", navigation.on_drag_data)
    webview.connect("button-press-event", navigation.on_touched)
    webview.connect("key-press-event", navigation.on_touched)
    webview.connect("create", navigation.on_create)
    webview.connect("load-changed", navigation.on_load_changed)
    webview.connect("load-failed", navigation.on_load_failed)
    webview.connect("permission-request", _on_permission_request, rules)
    webview.get_context().connect("download-started", _on_download_started, rules, webview)


class _Navigation:
    """WebKit does not say which frame wants to navigate, until the load has begun.

    So what the user clicks on a page without foreign frames is judged before anything is asked of another server.
    Other loads may begin: where it turns out that one is for the whole window, its answer is not shown.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._framed = False
        self._dragged: set[str] = set()

    def on_drag_data(self, _: Any, context: Any, _x: int, _y: int, data: Any, _info: int, _time: int) -> None:
        """Note what another program may drop on the page: WebKit loads a link as if the user had typed it."""
        if Gtk.drag_get_source_widget(context) is not None or data.get_target().name() not in _LINKS:
            return
        lines = (data.get_data() or b"").decode(errors="replace").splitlines()
        self._dragged.update(WebKit2.URIRequest.new(line.strip()).get_uri() for line in lines if ":" in line)

    def on_touched(self, *_: Any) -> bool:
        """Forget an earlier drop, which has been loaded by now."""
        self._dragged.clear()
        return False

    def on_decide(self, _: Any, decision: Any, kind: Any) -> bool:
        if kind == WebKit2.PolicyDecisionType.RESPONSE:
            return self._decide_response(decision)
        action = decision.get_navigation_action()
        url = action.get_request().get_uri()
        if kind == WebKit2.PolicyDecisionType.NEW_WINDOW_ACTION:
            decision.ignore()
            self._send(url)
        elif self._may_begin(action, url):
            decision.use()
        elif url.startswith("data:") and action.get_navigation_type() == WebKit2.NavigationType.LINK_CLICKED:
            decision.download()  # what a page has made itself, as by `<a download>`; never shown
        else:
            decision.ignore()
            self._send(url)
        return True

    def on_create(self, _: Any, action: Any) -> None:
        """A script wants a new window; it gets none, whatever becomes of the URL."""
        self._send(action.get_request().get_uri())

    def _may_begin(self, action: Any, url: str) -> bool:
        if url in self._dragged and action.get_navigation_type() == WebKit2.NavigationType.OTHER:
            return False
        if self._rules.page(url) is Verdict.SHOW:
            return True
        if self._rules.frame(url) is not Verdict.SHOW:
            return False
        return self._framed or action.get_navigation_type() not in _BY_USER

    def on_load_changed(self, _: Any, event: Any) -> None:
        if event == WebKit2.LoadEvent.COMMITTED:  # of the window's page, never of a frame
            self._framed = False

    def on_load_failed(self, _: Any, _event: Any, url: str, error: Any) -> bool:
        """A server that cannot be reached is the browser's to explain, where it is not the app's."""
        if self._rules.page(url) is Verdict.SHOW or interrupted(error):
            return False
        self._send(url)
        return True

    def _decide_response(self, decision: Any) -> bool:
        url = decision.get_response().get_uri()
        if not decision.is_main_frame_main_resource():
            self._framed = self._framed or self._rules.page(url) is not Verdict.SHOW
        elif self._rules.page(url) is not Verdict.SHOW or _refused_to_others(decision):
            decision.ignore()
            self._send(url)
            return True
        if decision.is_mime_type_supported() and not _is_attachment(decision):
            decision.use()
        else:
            decision.download()
        return True

    def _send(self, url: str) -> None:
        if self._rules.page(url) is Verdict.BROWSER:
            open_in_browser(url)


def _is_attachment(decision: Any) -> bool:
    """Return whether the server wants the response saved, whatever its type (RFC 6266, section 4.2)."""
    headers = decision.get_response().get_http_headers()
    disposition = headers.get_one("Content-Disposition") if headers is not None else None
    return disposition is not None and not disposition.strip().lower().startswith("inline")


def _refused_to_others(decision: Any) -> bool:
    """Return whether the server has refused what another site's frame wants in place of the page, which stays then.

    WebKit would reload the refusal in the user's name.
    """
    headers = decision.get_request().get_http_headers()
    site = headers.get_one("Sec-Fetch-Site") if headers is not None else None
    return site not in (None, "none", "same-origin") and decision.get_response().get_status_code() >= 400


def interrupted(error: Any) -> bool:
    """Return whether a load ended without a failure: it became a download, or another one began."""
    cancelled = error.matches(WebKit2.NetworkError.quark(), WebKit2.NetworkError.CANCELLED)
    return bool(cancelled or error.domain == "WebKitPolicyError")


def _on_permission_request(_: Any, request: Any, rules: Rules) -> bool:
    if rules.allows(*_asked_for(request)):
        request.allow()
    else:
        request.deny()
    return True


def _asked_for(request: Any) -> list[str]:
    """Return the permissions that a request is about; [] for a kind that is never granted."""
    if isinstance(request, WebKit2.UserMediaPermissionRequest):
        if WebKit2.user_media_permission_is_for_display_device(request):
            return ["screen"]
        kinds = (("camera", "is_for_video_device"), ("microphone", "is_for_audio_device"))
        return [name for name, kind in kinds if request.get_property(kind.replace("_", "-"))]
    if isinstance(request, WebKit2.DeviceInfoPermissionRequest):
        return ["camera", "microphone"]
    for name, kind in (
        ("geolocation", "GeolocationPermissionRequest"),
        ("notifications", "NotificationPermissionRequest"),
        ("pointer-lock", "PointerLockPermissionRequest"),
        ("clipboard", "ClipboardPermissionRequest"),  # since 2.42
    ):
        if hasattr(WebKit2, kind) and isinstance(request, getattr(WebKit2, kind)):
            return [name]
    return []


def _on_download_started(_: Any, download: Any, rules: Rules, webview: Any) -> None:
    if rules.downloads:
        download.connect("decide-destination", _on_decide_destination, webview)
    else:
        download.cancel()


def _on_decide_destination(download: Any, suggested: str, webview: Any) -> bool:
    dialog = Gtk.FileChooserNative.new(None, webview.get_toplevel(), Gtk.FileChooserAction.SAVE, None, None)
    dialog.set_do_overwrite_confirmation(True)
    dialog.set_current_name(file_name(suggested))
    folder = GLib.get_user_special_dir(GLib.UserDirectory.DIRECTORY_DOWNLOAD) or str(Path.home() / "Downloads")
    dialog.set_current_folder(folder if Path(folder).is_dir() else str(Path.home()))
    if dialog.run() == Gtk.ResponseType.ACCEPT:
        download.set_allow_overwrite(True)  # the dialog has asked
        download.set_destination(Gio.File.new_for_path(dialog.get_filename()).get_uri())
    else:
        download.cancel()
    dialog.destroy()
    return True
