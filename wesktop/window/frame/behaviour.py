"""What a window does for its user as a browser does: zoom, shortcuts, context menu, spelling. No I/O."""

from dataclasses import dataclass

ZOOM_LEVELS = (0.3, 0.5, 0.67, 0.8, 0.9, 1.0, 1.1, 1.2, 1.33, 1.5, 1.7, 2.0, 2.4, 3.0, 4.0, 5.0)
"""Zoom factors, one step of the zoom commands each; those of Firefox."""

ZOOM_IN, ZOOM_OUT, ZOOM_RESET = "zoom in", "zoom out", "zoom reset"
BACK, FORWARD, RELOAD = "back", "forward", "reload"

_WITH_CTRL = {"+": ZOOM_IN, "=": ZOOM_IN, "-": ZOOM_OUT, "_": ZOOM_OUT, "0": ZOOM_RESET, "r": RELOAD}
_WITH_ALT = {"left": BACK, "right": FORWARD}
_ALONE = {"f5": RELOAD}
_MOUSE_BUTTONS = {8: BACK, 9: FORWARD}  # as X numbers them


@dataclass(frozen=True)
class Behaviour:
    """The choices of an app.

    spellcheck: languages, such as "en_US"; None for those of the user's locale, [] for none.
    debug: reload keys, and the engine's own context menu.
    """

    context_menu: bool = True
    zoom: bool = True
    spellcheck: list[str] | None = None
    debug: bool = False

    def offers(self, command: str) -> bool:
        """Return whether the user may have this command."""
        if command in (ZOOM_IN, ZOOM_OUT, ZOOM_RESET):
            return self.zoom
        return self.debug or command != RELOAD


def shortcut(key: str, *, ctrl: bool, alt: bool) -> str | None:
    """Return the command of a key, by its character or name in lower case; None if it has none."""
    if ctrl and alt:
        return None
    return (_WITH_CTRL if ctrl else _WITH_ALT if alt else _ALONE).get(key.lower())


def mouse_command(button: int) -> str | None:
    """Return the command of a mouse button, as X numbers them; None if it has none."""
    return _MOUSE_BUTTONS.get(button)


def zoomed(factor: float, command: str) -> float:
    """Return the zoom factor after a zoom command."""
    if command == ZOOM_RESET:
        return 1.0
    if command == ZOOM_IN:
        return next((level for level in ZOOM_LEVELS if level > factor + 0.01), ZOOM_LEVELS[-1])
    return next((level for level in reversed(ZOOM_LEVELS) if level < factor - 0.01), ZOOM_LEVELS[0])
