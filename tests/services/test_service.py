"""What a service is made of."""

import os
from typing import Any

import pytest

from services.made import made
from wesktop.services.manager import check_rights
from wesktop.services.service import added_environment, kept_environment
from wesktopd.errors import ConfigurationError, ServicePermissionError


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"name": "../x"}, "must not be '../x'"),
        ({"name": "x y"}, "must not be 'x y'"),
        ({"on_demand": True, "port": 0}, "port must"),
        ({"on_demand": True, "host": "localhost"}, "not 'localhost'"),
        ({"watchdog": 0.5}, "not 0.5"),
        ({"watchdog": 1e9}, "not 1e"),
        ({"system": True}, "--run-as"),
        ({"user": "me"}, "--system"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        made(**given)


SHELL = {
    "PATH": "/bin",
    "LANG": "de_DE.UTF-8",
    "LC_TIME": "C",
    "PYTHONPATH": "/lib",
    "VIRTUAL_ENV": "",
    "XDG_STATE_HOME": "/state",
    "XDG_RUNTIME_DIR": "/run/user/1",
    "AWS_SECRET_ACCESS_KEY": "hush",
    "DISPLAY": ":0",
}


@pytest.mark.parametrize(
    ("system", "names"),
    [
        (False, ["LANG", "LC_TIME", "PATH", "PYTHONPATH", "XDG_STATE_HOME"]),
        (True, ["LANG", "LC_TIME", "PATH", "PYTHONPATH"]),
    ],
)
def test_of_a_shells_environment_only_what_is_no_secret_is_kept(system: bool, names: list[str]) -> None:
    kept = kept_environment(SHELL, system=system)
    assert [*kept] == names
    assert all(SHELL[name] == value for name, value in kept.items())


def test_variables_are_added_with_their_value_or_that_of_now() -> None:
    added = added_environment(("A=1", "B==x", "C=", "DISPLAY"), SHELL)
    assert added == {"A": "1", "B": "=x", "C": "", "DISPLAY": ":0"}


@pytest.mark.parametrize("setting", ["", "=x", "A B=1", "1A=x", "A-B=1", "É=1", "NOT_SET", "A\n=1"])
def test_what_is_no_variable_is_refused(setting: str) -> None:
    with pytest.raises(ConfigurationError, match="env "):
        added_environment((setting,), SHELL)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="there is no root")
def test_the_machines_services_are_roots_to_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    check_rights(system=False)
    with pytest.raises(ServicePermissionError, match="root") as caught:
        check_rights(system=True)
    assert caught.value.exit_code == 4
