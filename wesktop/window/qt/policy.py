"""The policy on Qt WebEngine."""

from pathlib import Path
from typing import Any

from qtpy.QtCore import QStandardPaths
from qtpy.QtWebEngineCore import QWebEnginePage, QWebEngineProfile, QWebEngineScript, QWebEngineSettings
from qtpy.QtWidgets import QFileDialog

from wesktop.window.policy.browser import open_in_browser
from wesktop.window.policy.new_windows import SCRIPT
from wesktop.window.policy.rules import Rules, Verdict, file_name

_Attribute = QWebEngineSettings.WebAttribute
_Feature = QWebEnginePage.Feature

_ASKED = {
    "MediaAudioCapture": ("microphone",),
    "MediaVideoCapture": ("camera",),
    "MediaAudioVideoCapture": ("camera", "microphone"),
    "DesktopVideoCapture": ("screen",),
    "DesktopAudioVideoCapture": ("screen", "microphone"),
    "MouseLock": ("pointer-lock",),
    "Notifications": ("notifications",),
    "Geolocation": ("geolocation",),
    "ClipboardReadWrite": ("clipboard",),  # since 6.8
}


def apply(view: Any, rules: Rules) -> None:
    """Put the page of a web view under the rules, in place of what pywebview decides."""
    page = view.page()
    _set_up(page.settings(), rules)
    page.navigationRequested.connect(lambda request: _on_navigation(request, rules))
    page.nav_handler = None  # pywebview's opens any link, whatever its scheme, in the browser
    page.newWindowRequested.connect(lambda request: _on_new_window(request, rules))
    page.scripts().insert(_for_new_windows())
    page.featurePermissionRequested.disconnect(page.onFeaturePermissionRequested)  # it grants camera and microphone
    page.featurePermissionRequested.connect(lambda url, feature: _on_permission(page, url, feature, rules))
    profile = page.profile()
    if hasattr(
        profile, "setPersistentPermissionsPolicy"
    ):  # since 6.8: what was granted once is not granted indefinitely
        profile.setPersistentPermissionsPolicy(QWebEngineProfile.PersistentPermissionsPolicy.AskEveryTime)
    if hasattr(page, "desktopMediaRequested"):  # since 6.7
        page.desktopMediaRequested.connect(lambda request: _on_screen_asked(request, rules))
    profile.downloadRequested.connect(lambda download: _on_download(download, view, rules))


def _set_up(settings: Any, rules: Rules) -> None:
    for attribute, on in (
        (_Attribute.LocalContentCanAccessFileUrls, False),
        (_Attribute.LocalContentCanAccessRemoteUrls, False),
        (_Attribute.AllowRunningInsecureContent, False),
        (_Attribute.AllowGeolocationOnInsecureOrigins, False),
        (_Attribute.JavascriptCanOpenWindows, False),  # without a click of the user's
        (_Attribute.ScreenCaptureEnabled, rules.allows("screen")),
        (_Attribute.JavascriptCanAccessClipboard, True),  # to write to it; to read it is the next one
        (_Attribute.JavascriptCanPaste, rules.allows("clipboard")),
    ):
        settings.setAttribute(attribute, on)
    # These reach on_navigation then, which rejects them; a disallowed scheme would not be reported.
    settings.setUnknownUrlSchemePolicy(
        QWebEngineSettings.UnknownUrlSchemePolicy.AllowUnknownUrlSchemesFromUserInteraction
    )


def _serialized(url: Any) -> str:
    return bytes(url.toEncoded()).decode()


def _on_navigation(request: Any, rules: Rules) -> None:
    url = _serialized(request.url())
    if request.isMainFrame():
        # What is typed is what we load ourselves; no page can claim it. Pages of our own are `data:` URLs.
        typed = request.navigationType() == request.NavigationType.TypedNavigation
        verdict = Verdict.SHOW if typed and url.startswith("data:") else rules.page(url)
    else:
        verdict = rules.frame(url)
    if verdict is Verdict.SHOW:
        request.accept()
        return
    request.reject()
    if verdict is Verdict.BROWSER:
        open_in_browser(url)


def _for_new_windows() -> Any:
    script = QWebEngineScript()
    script.setSourceCode(SCRIPT)
    script.setInjectionPoint(QWebEngineScript.InjectionPoint.DocumentCreation)
    script.setWorldId(QWebEngineScript.ScriptWorldId.MainWorld.value)  # the page's, for its open()
    script.setRunsOnSubFrames(True)
    return script


def _on_new_window(request: Any, rules: Rules) -> None:
    """Open a new window's URL in the browser, if allowed; Qt opens no window by itself."""
    url = _serialized(request.requestedUrl())
    if rules.page(url) is Verdict.BROWSER:
        open_in_browser(url)


def _on_permission(page: Any, url: Any, feature: Any, rules: Rules) -> None:
    policy = QWebEnginePage.PermissionPolicy
    granted = rules.allows(*_ASKED.get(feature.name, ()))
    page.setFeaturePermission(
        url, feature, policy.PermissionGrantedByUser if granted else policy.PermissionDeniedByUser
    )


def _on_screen_asked(request: Any, rules: Rules) -> None:
    """One that is not answered is refused."""
    if rules.allows("screen"):
        request.selectScreen(request.screensModel().index(0))


def _on_download(download: Any, view: Any, rules: Rules) -> None:
    """One that is not accepted is not begun."""
    if not rules.downloads:
        return
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DownloadLocation)
    suggested = str(Path(folder) / file_name(download.suggestedFileName()))
    chosen, _ = QFileDialog.getSaveFileName(view, "", suggested)
    if chosen:
        download.setDownloadDirectory(str(Path(chosen).parent))
        download.setDownloadFileName(Path(chosen).name)
        download.accept()
