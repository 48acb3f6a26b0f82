"""Zoom, shortcuts, context menu, spelling and the page's title on Qt WebEngine."""

from typing import Any

from qtpy.QtCore import QEvent, QLocale, QObject, Qt
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtWebEngineCore import QWebEnginePage, QWebEngineSettings
from qtpy.QtWidgets import QMenuBar

from wesktop.window.frame.behaviour import BACK, FORWARD, ZOOM_IN, ZOOM_OUT, Behaviour, shortcut
from wesktop.window.toolkit import Observer

_ESCAPE = "wesktop-escape"
_WAS_MAXIMIZED = "wesktop-was-maximized"
_Action = QWebEnginePage.WebAction
_REMOVED = (  # of the engine's items: they lead away from the page, or open windows
    _Action.Back, _Action.Forward, _Action.Reload, _Action.ReloadAndBypassCache, _Action.Stop, _Action.ViewSource,
    _Action.SavePage, _Action.OpenLinkInNewWindow, _Action.OpenLinkInNewTab, _Action.OpenLinkInThisWindow,
    _Action.OpenLinkInNewBackgroundTab, _Action.DownloadLinkToDisk, _Action.DownloadImageToDisk,
    _Action.DownloadMediaToDisk, _Action.InspectElement, _Action.ExitFullScreen,
)  # fmt: skip
_KEYS = {Qt.Key.Key_Left: "left", Qt.Key.Key_Right: "right", Qt.Key.Key_F5: "f5", Qt.Key.Key_R: "r"}
_BUTTONS = {Qt.MouseButton.BackButton: BACK, Qt.MouseButton.ForwardButton: FORWARD}
_CTRL, _ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def apply(native: Any, behaviour: Behaviour, observer: Observer) -> None:
    """Give the window its shortcuts, and the web view its context menu and spelling."""
    view = native.webview
    page = view.page()
    keys, mouse = _Keys(native, observer), _Mouse(view, observer)
    native.installEventFilter(keys)
    page.loadFinished.connect(lambda _: mouse.follow(view))
    if behaviour.context_menu and not behaviour.debug:
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(lambda place: _show_menu(view, place))
    profile = page.profile()
    profile.setSpellCheckEnabled(behaviour.spellcheck != [])
    languages = [QLocale.system().name()] if behaviour.spellcheck is None else behaviour.spellcheck
    profile.setSpellCheckLanguages([language.replace("_", "-") for language in languages])
    page.settings().setAttribute(QWebEngineSettings.WebAttribute.FullScreenSupportEnabled, True)
    page.fullScreenRequested.connect(lambda request: _on_full_screen(native, request))
    page.titleChanged.connect(lambda title: observer.title_changed("" if title == "about:blank" else title))
    page.renderProcessTerminated.connect(lambda status, _: _on_terminated(status, observer))


def lay_out(native: Any) -> None:
    """Give the view its size now: until it is shown, the page's first script would see 100 x 30 pixels."""
    if native.isVisible():  # full screen
        return
    hidden, place = Qt.WidgetAttribute.WA_DontShowOnScreen, native.pos()
    native.setAttribute(hidden, True)
    native.show()
    native.hide()
    native.setAttribute(hidden, False)
    native.windowHandle().setFramePosition(place)  # as it was: of the frame, which has no size yet


class _Keys(QObject):  # type: ignore[misc]  # qtpy has no types
    """An event filter on the view's parent, which WebEngine sends the keys that the page does not want."""

    def __init__(self, parent: Any, observer: Observer) -> None:
        super().__init__(parent)
        self._observer = observer

    def eventFilter(self, _: Any, event: Any) -> bool:  # noqa: N802  Qt's
        """Take the keys of commands."""
        if event.type() != QEvent.Type.KeyPress:
            return False
        modifiers = event.modifiers()
        key = _KEYS.get(event.key(), event.text() or (chr(event.key()) if event.key() < 128 else ""))
        return self._observer.command(shortcut(key, ctrl=bool(modifiers & _CTRL), alt=bool(modifiers & _ALT)))


class _Mouse(QObject):  # type: ignore[misc]
    """An event filter on the widget in which WebEngine draws, which may be another after a load."""

    def __init__(self, view: Any, observer: Observer) -> None:
        super().__init__(view)
        self._observer = observer
        self._drawing: Any = None

    def follow(self, view: Any) -> None:
        """Filter the events of the widget of the moment."""
        proxy = view.focusProxy()
        if proxy is not None and proxy is not self._drawing:
            self._drawing = proxy
            proxy.installEventFilter(self)

    def eventFilter(self, _: Any, event: Any) -> bool:  # noqa: N802
        """Take Ctrl with the wheel, and the buttons for back and forward."""
        command = None
        if event.type() == QEvent.Type.Wheel and event.modifiers() & _CTRL:
            turned = event.angleDelta().y()
            command = (ZOOM_IN if turned > 0 else ZOOM_OUT) if turned else None
        elif event.type() == QEvent.Type.MouseButtonPress:
            command = _BUTTONS.get(event.button())
        return self._observer.command(command)


def _show_menu(view: Any, place: Any) -> None:
    """Show the engine's menu without the items that lead away."""
    menu = view.createStandardContextMenu()
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    page = view.page()
    for kind in _REMOVED:
        menu.removeAction(page.action(kind))
    if page.action(_Action.SelectAll) not in menu.actions():
        menu.addAction(page.action(_Action.SelectAll))
    before = None
    for action in menu.actions():
        if action.isSeparator() and (before is None or before.isSeparator()):
            menu.removeAction(action)
        else:
            before = action
    menu.popup(view.mapToGlobal(place))


def _on_full_screen(native: Any, request: Any) -> None:
    """Show an element of the page, such as a video, on the whole screen, or the window again."""
    request.accept()
    bar = native.findChild(QMenuBar)
    if bar is not None:
        bar.setVisible(not request.toggleOn())
    if request.toggleOn():
        native.setProperty(_WAS_MAXIMIZED, native.isMaximized())
        native.showFullScreen()
        page = native.webview.page()
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), native)
        escape.setObjectName(_ESCAPE)
        escape.activated.connect(lambda: page.triggerAction(_Action.ExitFullScreen))
        return
    for escape in native.findChildren(QShortcut, _ESCAPE):
        escape.deleteLater()
    if native.property(_WAS_MAXIMIZED):
        native.showMaximized()
    else:
        native.showNormal()


def _on_terminated(status: Any, observer: Observer) -> None:
    if status != QWebEnginePage.RenderProcessTerminationStatus.NormalTerminationStatus:
        observer.page_died()
