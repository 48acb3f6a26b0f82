"""The page that shows an unexpected exception to whoever develops the app (`create_app(debug=True)`)."""

import linecache
import traceback
from base64 import b64encode
from hashlib import sha256
from html import escape
from pathlib import Path

from wesktop.asgi.responses import HTMLResponse

CONTEXT = 4  # lines of the source before and after the one that raised

_STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2.5rem auto; padding: 0 1.5rem }
h1 { font-size: 1.35rem; margin: 0 0 .25rem } h1 b { color: light-dark(#b3261e, #ff8a80) }
p { margin: 0 0 1.5rem; opacity: .75 } h2 { font-size: 1rem; margin: 2rem 0 .5rem }
section { margin: 0 0 1rem; border: 1px solid #8884; border-radius: 10px; overflow: hidden }
header { padding: .5rem .9rem; background: #8881; font-size: .87rem } header i { opacity: .7; font-style: normal }
pre { margin: 0; padding: .6rem 0; overflow-x: auto; font: 13px/1.6 ui-monospace, monospace }
pre span { display: block; padding: 0 .9rem; white-space: pre }
pre span.here { background: light-dark(#b3261e1f, #ff8a8029) }
pre i { display: inline-block; width: 3.2em; font-style: normal; opacity: .5; user-select: none }
"""

# The page has nothing but its own style, whatever an exception has in it (CSP Level 3, 2.3.1).
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>\
<style>{style}</style><h1><b>{kind}</b>{message}</h1>\
<p>{request} &middot; error {trace}, in the log too</p>{parts}</html>"""


def traceback_page(error: BaseException, request: str, trace: str) -> HTMLResponse:
    """The page. request: method and path; trace: the ID under which it is in the log."""
    parts = []
    shown: BaseException | None = error
    heading = ""
    seen: set[int] = set()
    while shown is not None and id(shown) not in seen:
        seen.add(id(shown))
        if heading:
            parts.append(f"<h2>{heading}: {escape(_summary(shown))}</h2>")
        parts += [_frame(frame) for frame in reversed(_of_the_app(traceback.extract_tb(shown.__traceback__)))]
        heading = "Caused by" if shown.__cause__ is not None else "While handling"
        shown = shown.__cause__ or (None if shown.__suppress_context__ else shown.__context__)
    kind, message = type(error).__name__, _summary(error).partition(": ")[2]
    page = _PAGE.format(
        title=escape(_summary(error)), style=_STYLE, kind=escape(kind), message=message and f": {escape(message)}",
        request=escape(request), trace=trace, parts="".join(parts),
    )  # fmt: skip
    page = page.encode(errors="backslashreplace").decode()  # it may contain bytes of a client that are not text
    return HTMLResponse(page, 500, headers={"Cache-Control": "no-store", "Content-Security-Policy": _POLICY})


def _summary(error: BaseException) -> str:
    return "".join(traceback.format_exception_only(type(error), error)).strip()


def _of_the_app(frames: list[traceback.FrameSummary]) -> list[traceback.FrameSummary]:
    """Without our own, where there are others."""
    ours = str(Path(__file__).parent)
    return [frame for frame in frames if not frame.filename.startswith(ours)] or frames


def _frame(frame: traceback.FrameSummary) -> str:
    at = frame.lineno or 0
    lines = []
    for number in range(max(1, at - CONTEXT), at + CONTEXT + 1):
        text = linecache.getline(frame.filename, number).rstrip()
        if text or number == at:
            here = ' class="here"' if number == at else ""
            lines.append(f"<span{here}><i>{number}</i>{escape(text)}</span>")
    place = f"{escape(Path(frame.filename).name)}:{at}"
    return (
        f'<section><header title="{escape(frame.filename)}"><b>{escape(frame.name)}</b> <i>{place}</i></header>'
        f"<pre>{''.join(lines)}</pre></section>"
    )
