"""The host name by which an app's windows and links find it."""

import re
from pathlib import Path

import pytest

from wesktopd.instance.own_host import fresh_host, host_in, own_host
from wesktopd.paths import host_file


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where such files are kept."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("name", ["notes", "My_App.v2", "x" * 64, "-", "_", "..a"])
def test_it_is_one_label_below_localhost_that_cannot_be_guessed(name: str) -> None:
    host = fresh_host(name)
    label, dot, rest = host.partition(".")
    assert (dot, rest) == (".", "localhost")
    assert len(label) <= 63
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?-[0-9a-f]{32}", label)
    assert fresh_host(name) != host


def test_it_stays_the_same_and_is_for_this_user_alone(state: Path) -> None:
    host = own_host("notes")
    assert host is not None
    assert own_host("notes") == host
    assert own_host("other") != host
    file = host_file("notes")
    assert file.is_relative_to(state)
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "kept", ["", "x.localhost", "a.example", "notes-" + "0" * 32 + ".localhost.example", "\xff" * 40]
)
def test_a_file_that_makes_no_sense_is_made_anew(kept: str) -> None:
    file = host_file("notes")
    file.parent.mkdir(parents=True)
    file.write_text(kept)
    assert own_host("notes") == file.read_text().strip() != kept


def test_one_that_cannot_be_kept_is_not_used() -> None:
    file = host_file("notes")
    file.mkdir(parents=True)
    said: list[str] = []
    assert own_host("notes", said.append) is None
    assert "cannot be kept" in said[0]


def test_a_file_that_others_may_write_to_is_not_believed() -> None:
    file = host_file("notes")
    file.parent.mkdir(parents=True)
    file.write_text(fresh_host("notes"))
    file.chmod(0o666)
    said: list[str] = []
    assert own_host("notes", said.append) is None
    assert said


@pytest.mark.parametrize("rest", ["", "/", ":8000", ":8000/_wesktop/open?token=x"])
def test_a_link_tells_whether_the_app_is_at_its_own_host(rest: str) -> None:
    host = fresh_host("notes")
    assert host_in(f"http://{host}{rest}") == host
    for other in ("127.0.0.1", "[::1]", "notes.localhost", f"{host}.example"):
        assert host_in(f"http://{other}{rest}") is None
