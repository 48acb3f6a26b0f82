"""pywebview's bridge on WebKitGTK: out of the page's reach."""

from typing import Any

from wesktop.window.policy.bridge import WORLD

_HANDLER = "jsBridge"  # pywebview's name for it


def isolate(view: Any) -> None:
    """Move pywebview's scripts, ours, and the handler that they call into a world of their own.

    To be called before the first page. A handler is there for every frame that runs scripts in its world; in this
    one no page does.
    """
    view.manager.unregister_script_message_handler(_HANDLER)
    view.manager.register_script_message_handler_in_world(_HANDLER, WORLD)
    evaluate = view.webview.evaluate_javascript
    view.webview.evaluate_javascript = lambda **asked: evaluate(**{**asked, "world_name": WORLD})
