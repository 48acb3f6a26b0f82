"""Developer tools on Qt, within the process: pywebview's are reached by any program, over a port of this machine."""

from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWebEngineCore import QWebEnginePage
from qtpy.QtWebEngineWidgets import QWebEngineView


class Inspector:
    """Adds them to the page's context menu."""

    def __init__(self, view: Any) -> None:
        self._view = view
        self._tools: Any = None
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(self._on_menu)

    def _on_menu(self, at: Any) -> None:
        menu = self._view.createStandardContextMenu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addSeparator()
        menu.addAction("Inspect").triggered.connect(lambda *_: self._inspect())
        menu.popup(self._view.mapToGlobal(at))

    def _inspect(self) -> None:
        page = self._view.page()
        if self._tools is None:
            self._tools = QWebEngineView()
            self._tools.setPage(QWebEnginePage(page.profile(), self._tools))
            self._tools.setWindowTitle(f"Developer tools: {self._view.window().windowTitle()}")
            self._tools.resize(1000, 700)
            self._view.destroyed.connect(self._tools.deleteLater)
        page.setDevToolsPage(self._tools.page())
        page.triggerAction(QWebEnginePage.WebAction.InspectElement)
        self._tools.show()
