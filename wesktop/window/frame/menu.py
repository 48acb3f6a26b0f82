"""A menu bar, from a plain description.

    [{"label": "File", "items": [
        {"label": "Open...", "id": "open", "key": "Ctrl+O"},
        {"label": "Reports", "path": "/reports"},
        "-",
        {"label": "Quit", "role": "quit", "key": "Ctrl+Q"},
    ]}]

An item has a label and one of: `id`, sent to the page; `path`, a page of the app to show; `role`, what
the window does itself; `items` of a menu within the menu. `key` is optional; "-" is a separator.
"""

import re
from typing import Any

from wesktopd.errors import ConfigurationError
from wesktopd.guard.local_path import local_path

ROLES = ("quit", "reload")
DOES = ("id", "path", "role", "items")
MAX_DEPTH = 4  # menus within menus
MAX_ITEMS = 500  # in all
MAX_TEXT = 200  # characters of a label, an id or a path

SEPARATOR = "-"
MENU_EVENT = "wesktop:menu"

_MODIFIERS = ("Ctrl", "Alt", "Shift")
_NAMED = (*(f"F{number}" for number in range(1, 13)), "Space", "Tab", "Return", "Delete", "Insert", "Home", "End")
_KEY = re.compile(rf"((?:(?:{'|'.join(_MODIFIERS)})\+)*)([A-Z0-9]|{'|'.join(_NAMED)})")

Item = dict[str, Any]
Items = list[Item | str]


def check_menu(menu: object) -> list[Item]:
    """The menu as its window builds it; raises ConfigurationError, which says where, for what is none."""
    if not isinstance(menu, list | tuple):
        raise ConfigurationError(
            f"menu must be a list of menus such as {{'label': 'File', 'items': []}}, not {menu!r}."
        )
    checked = [_checked(item, f"menu[{number}]", 1) for number, item in enumerate(menu)]
    for number, item in enumerate(checked):
        if not isinstance(item, dict) or "items" not in item:
            raise ConfigurationError(f"menu[{number}] {item!r} has no items: a menu bar consists of menus.")
    if (count := sum(map(_count, checked))) > MAX_ITEMS:
        raise ConfigurationError(f"menu has {count} items: at most {MAX_ITEMS} can be shown.")
    return [item for item in checked if isinstance(item, dict)]


def _count(item: Item | str) -> int:
    return 1 + sum(map(_count, item.get("items", ()))) if isinstance(item, dict) else 1


def _checked(item: object, where: str, depth: int) -> Item | str:
    if item == SEPARATOR:
        return SEPARATOR
    if not isinstance(item, dict):
        raise ConfigurationError(f"{where} {item!r} is neither a dict nor '-', which stands for a separator.")
    for name in item:
        if name not in ("label", "key", *DOES):
            raise ConfigurationError(
                f"{where} has {name!r}, which is unknown: there are label, key, {', '.join(DOES)}."
            )
    does = [name for name in DOES if name in item]
    if len(does) != 1:
        raise ConfigurationError(
            f"{where} has {' and '.join(does) or 'nothing to do'}: give one of {', '.join(DOES)}."
        )
    for name in ("label", "id", "path"):
        if name in item or name == "label":
            _check_text(item.get(name), f"{where}: {name}")
    if "path" in item and local_path(item["path"]) != item["path"]:
        raise ConfigurationError(f"{where}: path {item['path']!r} is not one of the app's: give one such as '/help'.")
    if "role" in item and item["role"] not in ROLES:
        raise ConfigurationError(f"{where}: role {item['role']!r} is unknown: there are {', '.join(ROLES)}.")
    if "key" in item:
        check_key(item["key"], where)
    if "items" not in item:
        return dict(item)
    if not isinstance(item["items"], list | tuple) or depth >= MAX_DEPTH or "key" in item:
        raise ConfigurationError(f"{where}: items are a list, without a key, at most {MAX_DEPTH} menus deep.")
    inner = [_checked(each, f"{where}.items[{number}]", depth + 1) for number, each in enumerate(item["items"])]
    return {**item, "items": inner}


def _check_text(text: object, where: str) -> None:
    if not isinstance(text, str) or not text.strip() or len(text) > MAX_TEXT or not text.isprintable():
        raise ConfigurationError(f"{where} must be 1 to {MAX_TEXT} visible characters, not {text!r}.")


def check_key(key: object, where: str) -> None:
    """Raise ConfigurationError for anything but a key."""
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise ConfigurationError(f"{where}: key {key!r} is none: give one such as 'Ctrl+Shift+O' or 'F5'.")


def accelerator(key: str) -> str:
    """The key as GTK writes it."""
    *modifiers, last = key.split("+")
    names = {"Ctrl": "<Primary>", "Alt": "<Alt>", "Shift": "<Shift>"}
    last = last.lower() if len(last) == 1 else {"Space": "space"}.get(last, last)
    return "".join(names[modifier] for modifier in modifiers) + last
