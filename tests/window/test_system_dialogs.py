"""pywebview's own dialogs, which serve macOS and Windows, as far as they can be seen here: on a window of GTK's."""

from collections.abc import Callable
from pathlib import Path

import pytest

from support.screen import Screen
from support.scripts import Script
from support.waiting import wait_for

pytestmark = pytest.mark.window

PROGRAM = """
import os, sys, threading
from wesktop.window.backends import choose
from wesktop.window.gtk.toolkit import Gtk
from wesktop.window.toolkit import Toolkit
choose("gtk")
Gtk().prepare("systemdialogs", None)
import webview
from wesktopd.wire.dialog_messages import *

window = webview.create_window("Parent", html="", width=300, height=200)

def done(answer):
    print(answer, flush=True)
    os._exit(0)

window.events.shown += lambda: Toolkit().make_dialog(window, {question}, done).open()
webview.start(gui="gtk")
"""


@pytest.mark.parametrize(
    ("question", "keys", "answer"),
    [
        ("Open(types=(FileType('Texts (all)', ('*.txt',)),))", ["Escape"], "Choice(accepted=False, paths=())"),
        (
            "Save(directory='{home}', file_name='new.txt')",
            ["Return"],
            "Choice(accepted=True, paths=('{home}/new.txt',))",
        ),
        ("Folder(directory='{home}')", ["Escape"], "Choice(accepted=False, paths=())"),
        ("Confirm(title='Sure?')", ["Tab", "Return"], "Choice(accepted=True, paths=())"),
        ("Confirm(title='Sure?')", ["Escape"], "Choice(accepted=False, paths=())"),
        ("Tell(title='Done', text='All.')", ["Tab", "Return"], "Choice(accepted=True, paths=())"),
    ],
)
def test_the_users_choice_is_the_answer(
    start: Callable[..., Script], screen: Screen, home: Path, question: str, keys: list[str], answer: str
) -> None:
    script = start("systemdialogs", PROGRAM.format(question=question.format(home=home)))
    parent = int(wait_for(lambda: screen.windows("systemdialogs"), "its window")[0], 16)
    wait_for(lambda: len(screen.windows("systemdialogs")) == 2, "the dialog")
    wait_for(lambda: screen.active() not in (0, parent), "its focus")
    for key in keys:
        screen._tool("xdotool", "key", key)
    assert script.wait() == 0, script.output
    assert answer.format(home=home) in script.output
