"""Events for the page, from outside of it, as JavaScript."""

import json

TOLD = "told"

# The page may still be loading, and what listens in it be added by its load event; or it is none of the app's yet.
_TELL = """(() => {
  if (location.origin !== new URL(%s).origin) return "";
  const tell = () => setTimeout(() => %s);
  if (document.readyState === "complete") tell(); else addEventListener("load", tell, {once: true});
  return "told";
})()"""


def dispatch(event: str, detail: object) -> str:
    """An expression that dispatches the event on the page's `window`."""
    return f"window.dispatchEvent(new CustomEvent({json.dumps(event)}, {json.dumps({'detail': detail})}))"


def tell_page(url: str, event: str, detail: object) -> str:
    """Return a script that dispatches an event once the app's page at `url` is complete; it evaluates to TOLD."""
    return _TELL % (json.dumps(url), dispatch(event, detail))
