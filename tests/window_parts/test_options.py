"""What a further window takes from the app that answers: by TCP, how it looks and nothing else."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from wesktop.window.opening.open_window import described
from wesktop.window.opening.options import as_fields, window_spec
from wesktop.window.spec import WindowSpec
from wesktopd import configs
from wesktopd.errors import ConfigurationError
from wesktopd.spec import AppSpec

LOOKS = {"title": "Notes", "width": 640, "height": 480, "background": "#1e2227"}
HOSTILE = {
    **LOOKS,
    "app_id": "another",
    "storage": "/home/victim/.ssh",
    "geometry": "/home/victim/.bashrc",
    "icon": "/dev/zero",
    "gui": "qt",
    "debug": True,
    "options": {"url": "http://127.0.0.1:1/", "frameless": True},
    "permissions": ["camera", "microphone", "screen"],
    "downloads": False,
    "confirm_close": "Your password?",
    "on_close": "hide",
    "menu": [{"label": "File", "items": [{"label": "Open", "path": "/\\evil"}]}],
    "url": "http://127.0.0.1:1/",
    "link": "http://127.0.0.1:1/_wesktop/open?token=0",
}


@pytest.fixture
def own(home: Path, monkeypatch: pytest.MonkeyPatch) -> WindowSpec:
    """A home directory of its own; and a window as nothing is asked of it."""
    for variable in ("HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(variable, str(home))
    (home / "run").mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "run"))
    return _window()


def _window(**options: Any) -> WindowSpec:
    return window_spec("app", **LOOKS, icon=None, gui=None, debug=False, **options)  # type: ignore[arg-type]


def test_by_tcp_nothing_is_taken_but_looks(own: WindowSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WESKTOP_CONTROL", "tcp")
    assert described("app", {"window": HOSTILE}) == own


def test_by_tcp_the_rest_is_that_of_the_apps_config_file(own: WindowSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WESKTOP_CONTROL", "tcp")
    kept = _window(menu=[{"label": "File", "items": [{"label": "Quit", "role": "quit"}]}], permissions=["camera"])
    assert kept != own
    spec = AppSpec(target="a:b", import_path=[], name="app", working_dir="/", port=1, window=as_fields(kept))
    assert configs.keep(spec, pytest.fail) is not None
    assert described("app", {"window": HOSTILE}) == kept


def test_by_a_unix_socket_it_is_as_the_app_has_it(own: WindowSpec) -> None:
    assert msgspec.to_builtins(described("app", {"window": HOSTILE})) == {
        **msgspec.to_builtins(own),
        "zoom": None,
        **HOSTILE,
    }


@pytest.mark.parametrize(
    "wrong",
    [{"width": 10**9}, {"height": 0}, {"background": "red"}, {"title": 1}, {"width": 1.5}, {"background": None}],
)
def test_looks_that_are_none_are_refused(own: WindowSpec, monkeypatch: pytest.MonkeyPatch, wrong: Any) -> None:
    del own
    monkeypatch.setenv("WESKTOP_CONTROL", "tcp")
    with pytest.raises(ConfigurationError):
        described("app", {"window": {**HOSTILE, **wrong}})
