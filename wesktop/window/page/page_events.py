"""JavaScript that dispatches events on the page."""

import json

DISPATCHED = "dispatched"

# The page may still be loading, and add its listeners in its load event; or another origin's page is still shown.
_ON_APP_PAGE = """(() => {
  if (location.origin !== new URL(%s).origin) return "";
  const dispatch = () => setTimeout(() => %s);
  if (document.readyState === "complete") dispatch(); else addEventListener("load", dispatch, {once: true});
  return "dispatched";
})()"""


def dispatch(event: str, detail: object) -> str:
    """Return an expression that dispatches the event on the page's `window`."""
    return f"window.dispatchEvent(new CustomEvent({json.dumps(event)}, {json.dumps({'detail': detail})}))"


def dispatch_on_app_page(url: str, event: str, detail: object) -> str:
    """Return a script that dispatches an event once the app's page is complete; it evaluates to DISPATCHED."""
    return _ON_APP_PAGE % (json.dumps(url), dispatch(event, detail))
