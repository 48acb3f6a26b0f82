"""The rules for what the page may do in the window: decisions without a toolkit.

The window is for the app's own origin (RFC 6454, section 4). What leads elsewhere belongs into the user's browser,
where an address bar says whose page it is; what has no business in a browser either leads nowhere.
"""

import re
from collections.abc import Iterable
from enum import Enum
from urllib.parse import urlsplit

# By these names run() is asked for them; the page's own are in W3C Permissions.
PERMISSIONS = ("camera", "microphone", "screen", "geolocation", "notifications", "clipboard", "pointer-lock")

MAX_URL = 32 * 1024  # what a command line carries to a browser (Windows: 32767 characters in all)
MAX_FILE_NAME = 200  # bytes; file systems have 255, and a browser's " (1)" is to fit too

_PORTS = {"http": 80, "https": 443}
_ABROAD = ("http", "https", "mailto")
_IN_FRAMES = ("http", "https", "about", "data", "blob")

# An engine hands out URLs as WHATWG URL serializes them: visible ASCII without a backslash, and spaces in a path
# alone that follows no host. Anything else could be read in two ways, and is not read at all.
_SERIALIZED = re.compile(r"[!-\[\]-~]+|mailto:[ -\[\]-~]+")

Origin = tuple[str, str, int]


class Verdict(Enum):
    """SHOW: in the window. BROWSER: in the user's browser instead. REFUSE: nowhere."""

    SHOW = "show"
    BROWSER = "browser"
    REFUSE = "refuse"


class Rules:
    """The rules for the page of one window.

    permissions: of PERMISSIONS. downloads: whether it may offer files, each to be put where the user says.
    """

    def __init__(self, permissions: Iterable[str] = (), downloads: bool = True) -> None:
        self.permissions = frozenset(permissions)
        self.downloads = downloads
        self._origin: Origin | None = None

    def belongs_to(self, url: str | None) -> None:
        """From now on the window is for the origin of this URL, which is that of the app; None: for none."""
        self._origin = None if url is None else origin(url)

    def page(self, url: str) -> Verdict:
        """Return the verdict for a page to be shown in the window, or in a new one."""
        return decide(url, self._origin)

    def may_repeat(self, failed: str, shown: str) -> bool:
        """Return whether the window may load again by itself what could not be loaded over the page that is shown.

        Not over the app's page, unless it is that one: a frame of it may have asked for the other.
        """
        return failed == shown or self._origin is None or origin(shown) != self._origin

    def frame(self, url: str) -> Verdict:
        """The same for a frame within a page; which origins it may have, its Content-Security-Policy has settled."""
        return decide_frame(url) if self._origin is not None else Verdict.REFUSE

    def allows(self, *asked: str) -> bool:
        """Return whether the page has all these permissions."""
        return bool(asked) and self.permissions.issuperset(asked)


def decide(url: str, own: Origin | None) -> Verdict:
    """Return the verdict for a page in a window of the origin `own`; with None, it loads nothing."""
    if url == "about:blank":
        return Verdict.SHOW
    if own is None or len(url) > MAX_URL or not _SERIALIZED.fullmatch(url):
        return Verdict.REFUSE
    if origin(url.removeprefix("blob:")) == own:
        return Verdict.SHOW
    scheme = url.partition(":")[0].lower()
    if scheme not in _ABROAD or (scheme in _PORTS and origin(url, with_user=True) is None):
        return Verdict.REFUSE
    return Verdict.BROWSER


def decide_frame(url: str) -> Verdict:
    """Return whether a frame may show this. Of what it shows, the page around it sees nothing that is not its own."""
    if url.partition(":")[0].lower() == "mailto":
        return Verdict.BROWSER
    return Verdict.SHOW if url.partition(":")[0].lower() in _IN_FRAMES else Verdict.REFUSE


def origin(url: str, *, with_user: bool = False) -> Origin | None:
    """Scheme, host and port of a URL on the web; None for any other.

    A URL with a user name is never the app's own: `http://127.0.0.1:8000@evil.example/` is made to be misread.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # brackets without an address, a port that is none
        return None
    host = parts.hostname
    if parts.scheme not in _PORTS or not host or ("@" in parts.netloc and not with_user):
        return None
    if ("[" in parts.netloc) is not (":" in host):  # Python took brackets round anything, before 3.11.4
        return None
    return parts.scheme, host, _PORTS[parts.scheme] if port is None else port


def file_name(suggested: str) -> str:
    """A name for a download, of what a server has suggested: of one component, visible, and no longer than fits."""
    last = re.split(r"[/\\]", suggested)[-1]
    shown = "".join(char for char in last if char.isprintable()).strip().lstrip(".")
    stem, dot, suffix = shown.rpartition(".")
    if not dot or len(suffix.encode()) > 16:
        stem, dot, suffix = shown, "", ""
    room = MAX_FILE_NAME - len((dot + suffix).encode())
    stem = stem.encode()[:room].decode(errors="ignore")
    return (stem + dot + suffix if suffix else stem) or "download"
