"""pywebview's bridge on Qt WebEngine: out of the page's reach."""

from collections.abc import Callable
from typing import Any

from qtpy.QtWebEngineCore import QWebEngineScript


def isolate(native: Any) -> None:
    """Move pywebview's scripts, ours, and the web channel that they call into a world of their own.

    To be called before the first page. Qt has the channel's transport in the page's world otherwise, for the page
    itself to open.
    """
    page = native.webview.page()
    world = QWebEngineScript.ScriptWorldId.ApplicationWorld.value
    page.setWebChannel(native.channel, world)
    run = page.runJavaScript

    def run_apart(script: str, _world: int = 0, done: Callable[[Any], None] | None = None) -> None:
        run(script, world, *([done] if done else []))

    page.runJavaScript = run_apart
