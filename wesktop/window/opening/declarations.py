"""The options of a window, each declared once; see `wesktopd.options`."""

from pathlib import Path

from wesktop.window.frame.geometry import LEAST, MOST
from wesktopd.options import RUN, Option

_RUN = (RUN,)

# fmt: off
WINDOW_OPTIONS = (
    Option("title", str, "wesktop", "Title of the window; by default the page's, once it has one.",
           none="the page's title", functions=_RUN),
    Option("width", int, 1280, "Width of the window in pixels.", least=LEAST, most=MOST, unit="pixels",
           functions=_RUN),
    Option("height", int, 800, "Height of the window in pixels.", least=LEAST, most=MOST, unit="pixels",
           functions=_RUN),
    Option("icon", Path, None, "Path of a PNG, SVG or ICO file.", none="the desktop's default", functions=_RUN),
    Option("window", dict, None,
           'Further options of pywebview\'s `create_window`, such as {"resizable": False}.',
           none="no further ones", functions=_RUN, flag=None),
    Option("gui", str, None, 'GUI toolkit, "gtk" or "qt".', none="the one that is installed", choices=("gtk", "qt"),
           functions=_RUN),
    Option("background", str, "#ffffff",
           'Colour of the window until its page has drawn, and behind a page without one, as "#rrggbb".',
           functions=_RUN),
    Option("debug", bool, False, "Offer the page's developer tools in the context menu.", functions=_RUN),
    Option("permissions", list, (),
           'What the page may use: "camera", "microphone", "screen", "geolocation", "notifications", "clipboard" '
           '(to read it) and "pointer-lock".', functions=_RUN, flag="--permission", metavar="NAME"),
    Option("downloads", bool, True, "Let the page offer downloads; the user chooses where each is saved.",
           functions=_RUN),
    Option("remember_geometry", bool, True,
           "Open the window with the size, place and maximised state of the app's last one.", functions=_RUN,
           flag=None),
    Option("confirm_close", bool, False, "Ask the user before the window is closed; a string is the question.",
           functions=_RUN, flag=None),
    Option("on_close", str, "quit", 'What closing the window does: "quit", or "hide", which keeps its page running '
           "until the next start shows it again.", choices=("quit", "hide"), functions=_RUN, flag=None),
    Option("text_select", bool, True, "Let the user select text of the page.", functions=_RUN),
    Option("context_menu", bool, True, "Show a menu at a right click, to edit text and copy.", functions=_RUN),
    Option("zoom", bool, True, "Let the user enlarge the page, by Ctrl with +, -, 0 or the wheel; kept for the app.",
           functions=_RUN),
    Option("spellcheck", list, None, 'Languages of spell checking in text fields, such as "en_US"; () for none.',
           none="the user's", functions=_RUN, flag=None),
    Option("menu", list, (), "Menu bar, as lists and dicts; see docs/windows.md.", functions=_RUN, flag=None),
)
# fmt: on

BY_NAME = {option.name: option for option in WINDOW_OPTIONS}
