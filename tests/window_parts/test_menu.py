"""A menu's description: what is taken, and what is refused where."""

from typing import Any

import pytest

from wesktop.window.frame.menu import MAX_DEPTH, MAX_ITEMS, accelerator, check_key, check_menu
from wesktopd.errors import ConfigurationError

MENU: list[dict[str, Any]] = [
    {
        "label": "File & more",
        "items": [
            {"label": "Open\N{HORIZONTAL ELLIPSIS}", "id": "open", "key": "Ctrl+Shift+O"},
            "-",
            {"label": "Recent", "items": [{"label": "snake_case.txt", "path": "/open?name=snake_case.txt"}]},
            {"label": "Quit", "role": "quit"},
        ],
    },
    {"label": "Empty", "items": []},
]


def test_a_menu_is_taken_as_it_is() -> None:
    assert check_menu(MENU) == MENU
    assert check_menu(()) == []


def nested(depth: int) -> list[dict[str, Any]]:
    """Menus within a menu."""
    return [{"label": "m", "items": nested(depth - 1) if depth else []}]


def with_item(**item: object) -> list[object]:
    """A menu bar with one item."""
    return [{"label": "File", "items": [item]}]


@pytest.mark.parametrize(
    ("menu", "message"),
    [
        (None, "menu must be a list"),
        ({"label": "File"}, "menu must be a list"),
        ("File", "menu must be a list"),
        (["File"], "menu[0] 'File' is neither a dict nor '-'"),
        (["-"], "menu[0] '-' has no items: a menu bar consists of menus."),
        ([{"label": "File", "id": "file"}], "menu[0] {'label': 'File', 'id': 'file'} has no items"),
        ([{"items": []}], "menu[0]: label must be"),
        ([{"label": "File", "items": "no"}], "menu[0]: items are a list"),
        ([{"label": "File", "items": [], "key": "F1"}], "menu[0]: items are a list, without a key"),
        (nested(MAX_DEPTH), f"menu[0]{'.items[0]' * (MAX_DEPTH - 1)}: items are a list"),
        ([{"label": "m", "items": ["-"] * MAX_ITEMS}], f"menu has {MAX_ITEMS + 1} items: at most {MAX_ITEMS}"),
        (with_item(label="x"), "menu[0].items[0] has nothing to do: give one of id, path, role, items."),
        (with_item(label="x", id="a", path="/"), "menu[0].items[0] has id and path: give one of"),
        (with_item(label="x", id="a", icon="b"), "menu[0].items[0] has 'icon', which is unknown"),
        (with_item(label="", id="a"), "menu[0].items[0]: label must be"),
        (with_item(label="a\nb", id="a"), "menu[0].items[0]: label must be"),
        (with_item(label="x" * 201, id="a"), "menu[0].items[0]: label must be"),
        (with_item(label="x", id=5), "menu[0].items[0]: id must be"),
        (with_item(label="x", path="help"), "menu[0].items[0]: path 'help' is not one of the app's"),
        (with_item(label="x", path="/a/../b"), "menu[0].items[0]: path '/a/../b' is not one of the app's"),
        (with_item(label="x", path="//evil.example/"), "menu[0].items[0]: path '//evil.example/' is not"),
        (with_item(label="x", path="/\\evil.example/"), "menu[0].items[0]: path '/\\\\evil.example/' is not"),
        (with_item(label="x", path="http://evil.example/"), "menu[0].items[0]: path 'http://evil.example/' is not"),
        (
            with_item(label="x", role="destroy"),
            "menu[0].items[0]: role 'destroy' is unknown: there are quit, reload.",
        ),
        (with_item(label="x", id="a", key="ctrl+o"), "menu[0].items[0]: key 'ctrl+o' is none"),
    ],
)
def test_what_is_no_menu_is_refused_where_it_is(menu: object, message: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        check_menu(menu)
    assert raised.value.message.startswith(message)


@pytest.mark.parametrize(
    ("key", "gtk"),
    [
        ("Ctrl+O", "<Primary>o"),
        ("Ctrl+Shift+O", "<Primary><Shift>o"),
        ("Alt+F4", "<Alt>F4"),
        ("F5", "F5"),
        ("Ctrl+1", "<Primary>1"),
        ("Ctrl+Space", "<Primary>space"),
    ],
)
def test_a_key_is_written_as_gtk_does(key: str, gtk: str) -> None:
    check_key(key, "")
    assert accelerator(key) == gtk


@pytest.mark.parametrize(
    "key", ["", "Ctrl", "Ctrl+", "o", "Ctrl+o", "Cmd+O", "Ctrl+O+P", "<Primary>o", "F13", 5, None]
)
def test_what_is_no_key_is_refused(key: object) -> None:
    with pytest.raises(ConfigurationError, match="give one such as"):
        check_key(key, "menu")
