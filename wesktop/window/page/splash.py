"""The window's own page: before the first page of the app, and while the server is away."""

import json

_SPLASH = """<!doctype html><meta charset="utf-8"><style>
html{{height:100%;background:{background}}}
body{{height:100%;margin:0;display:grid;place-items:center}}
i{{width:28px;height:28px;border-radius:50%;border:2px solid {ink};border-top-color:transparent;opacity:0;
animation:turn .9s linear infinite,show .4s .8s forwards}}
@keyframes turn{{to{{transform:rotate(1turn)}}}}
@keyframes show{{to{{opacity:.55}}}}
</style><i></i>"""

_AWAY = """<!doctype html><meta charset="utf-8"><style>
html{{height:100%;background:{background}}}
p{{position:fixed;left:50%;bottom:24px;transform:translateX(-50%);margin:0;padding:10px 18px;border-radius:999px;
font:500 14px/1.4 system-ui,sans-serif;white-space:nowrap;color:#fff;background:rgba(28,30,34,.94);
box-shadow:0 4px 24px rgba(0,0,0,.35)}}
</style><p role="status">{text}</p>"""

_DIED = """<!doctype html><meta charset="utf-8"><style>
html{{height:100%;background:{background};color:{ink};font:500 15px/1.5 system-ui,sans-serif}}
body{{height:100%;margin:0;display:grid;place-content:center;justify-items:center;gap:16px}}
p{{margin:0}}
button{{padding:8px 20px;border:1px solid;border-radius:6px;font:inherit;color:inherit;background:none}}
</style><p>This page has stopped working.</p>
<button onclick="document.title='{again}'" autofocus>Load it again</button>"""

AGAIN = "again"
"""The title by which that page's button asks for the app's page: a link of ours would be one of another site."""

# Styled through the CSSOM, which a page's Content-Security-Policy does not forbid.
_SHOW = """(() => {
  let note = document.getElementById("wesktop-note");
  if (!note) {
    note = document.createElement("div");
    note.id = "wesktop-note";
    note.setAttribute("role", "status");
    Object.assign(note.style, {
      position: "fixed", left: "50%%", bottom: "24px", transform: "translateX(-50%%)", zIndex: 2147483647,
      padding: "10px 18px", borderRadius: "999px", font: "500 14px/1.4 system-ui, sans-serif",
      color: "#fff", background: "rgba(28, 30, 34, .94)", boxShadow: "0 4px 24px rgba(0, 0, 0, .35)",
      pointerEvents: "none",
    });
    document.documentElement.append(note);
  }
  note.textContent = %s;
})()"""

HIDE = """document.getElementById("wesktop-note")?.remove()"""


def splash(background: str) -> str:
    """A page in the background colour, with a quiet sign of life if it takes long."""
    return _SPLASH.format(background=background, ink="#000" if is_light(background) else "#fff")


def away(background: str, text: str) -> str:
    """A page in the background colour that says why the app's is not there."""
    return _AWAY.format(background=background, text=text)


def died(background: str) -> str:
    """A page that says that the app's has crashed, with a button that loads it."""
    ink = "#000" if is_light(background) else "#fff"
    return _DIED.format(background=background, ink=ink, again=AGAIN)


def is_light(colour: str) -> bool:
    """Return whether black is more readable than white on #rrggbb (WCAG 2.2, luminance without the gamma)."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 140


def show_note(text: str) -> str:
    """JavaScript that lays a note over the page."""
    return _SHOW % json.dumps(text)
