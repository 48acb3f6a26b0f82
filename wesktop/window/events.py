"""An event for the page, from outside of it."""

import json

TOLD = "told"

# The page may still be loading, and what listens in it be added by its load event; or it is none of the app's yet.
_TELL = """(() => {
  if (location.origin !== new URL(%s).origin) return "";
  const tell = () => setTimeout(() => window.dispatchEvent(new CustomEvent(%s, {detail: %s})));
  if (document.readyState === "complete") tell(); else addEventListener("load", tell, {once: true});
  return "told";
})()"""


def tell_page(url: str, event: str, detail: object) -> str:
    """JavaScript that dispatches the event on the `window` of a page of the app at `url`; TOLD if it has."""
    return _TELL % (json.dumps(url), json.dumps(event), json.dumps(detail))
