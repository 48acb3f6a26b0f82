"""The directory of a page's storage, before the toolkit opens it."""

import logging
from pathlib import Path

import pytest

from wesktop.window.policy.storage import CACHED, open_storage
from wesktopd.errors import WindowError

HOST = f"notes-{'0' * 32}.localhost"


def made(place: Path, *names: str) -> None:
    """Files with their own names in them."""
    for name in names:
        file = place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)


def content(place: Path) -> dict[str, str]:
    """What is there, by path."""
    return {str(file.relative_to(place)): file.read_text() for file in place.rglob("*") if file.is_file()}


def test_what_was_stored_under_the_address_belongs_to_the_apps_own_host_afterwards(tmp_path: Path) -> None:
    old = "localstorage/http_127.0.0.1_8000.localstorage"
    made(
        tmp_path,
        old,
        f"{old}-wal",
        "indexeddb/v1/http_localhost_8000/a/b",
        "localstorage/http_app.example_80.localstorage",
    )
    open_storage(str(tmp_path), HOST, shared=False)
    new = f"localstorage/http_{HOST}_8000.localstorage"
    expected = {
        new: old,
        f"{new}-wal": f"{old}-wal",
        f"indexeddb/v1/http_{HOST}_8000/a/b": "indexeddb/v1/http_localhost_8000/a/b",
        "localstorage/http_app.example_80.localstorage": "localstorage/http_app.example_80.localstorage",
        "host": HOST,
    }
    assert content(tmp_path) == expected
    made(tmp_path, old)  # by a window that had to do with the address once more
    open_storage(str(tmp_path), HOST, shared=False)
    assert content(tmp_path) == {**expected, old: old}


def test_so_it_is_when_the_host_is_another_one_by_now(tmp_path: Path) -> None:
    made(tmp_path, "localstorage/http_127.0.0.1_8000.localstorage")
    other = f"notes-{'1' * 32}.localhost"
    for host in (other, HOST):
        open_storage(str(tmp_path), host, shared=False)
    assert {*content(tmp_path)} == {f"localstorage/http_{HOST}_8000.localstorage", "host"}


@pytest.mark.parametrize("name", ["localstorage/http_{}_8000.localstorage", "indexeddb/v1/http_{}_8000/a/b"])
def test_of_two_the_one_of_the_host_of_before_is_taken(tmp_path: Path, name: str) -> None:
    other = f"notes-{'1' * 32}.localhost"
    open_storage(str(tmp_path), other, shared=False)
    made(tmp_path, *(name.format(host) for host in ("127.0.0.1", other, "[%3A%3A1]")))
    open_storage(str(tmp_path), HOST, shared=False)
    assert content(tmp_path)[name.format(HOST)] == name.format(other)


def test_what_was_stored_under_the_other_loopback_address_is_moved_too(tmp_path: Path) -> None:
    old = "localstorage/http_[%3A%3A1]_8000.localstorage"  # as WebKitGTK writes http://[::1]:8000
    made(tmp_path, old)
    open_storage(str(tmp_path), HOST, shared=False)
    assert content(tmp_path)[f"localstorage/http_{HOST}_8000.localstorage"] == old


def test_nothing_is_moved_over_what_is_there(tmp_path: Path) -> None:
    old, new = (f"localstorage/http_{host}_8000.localstorage" for host in ("127.0.0.1", HOST))
    made(tmp_path, old, new)
    open_storage(str(tmp_path), HOST, shared=False)
    assert content(tmp_path) == {old: old, new: new, "host": HOST}


def test_without_a_host_of_its_own_nothing_is_moved(tmp_path: Path) -> None:
    old = "localstorage/http_127.0.0.1_8000.localstorage"
    made(tmp_path, old)
    open_storage(str(tmp_path), None, shared=False)
    assert content(tmp_path) == {old: old}


@pytest.mark.parametrize("stored", ["Local Storage/leveldb/1", "EBWebView/Default/Local Storage/leveldb/1"])
def test_what_chromium_has_stored_is_said_to_stay_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, stored: str
) -> None:
    made(tmp_path, stored)
    with caplog.at_level(logging.WARNING, "wesktop"):
        for _ in range(2):
            open_storage(str(tmp_path), HOST, shared=False)
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
        "the page begins without what it has stored so far"
    ]
    assert stored in content(tmp_path)


@pytest.mark.parametrize("name", CACHED)
def test_caches_and_service_workers_go_unless_another_window_has_them_open(tmp_path: Path, name: str) -> None:
    made(tmp_path, f"{name}/1", "kept")
    open_storage(str(tmp_path), None, shared=True)
    assert f"{name}/1" in content(tmp_path)
    open_storage(str(tmp_path), None, shared=False)
    assert content(tmp_path) == {"kept": "kept"}


def test_a_cache_that_is_a_link_leads_to_nothing_that_is_removed(tmp_path: Path) -> None:
    made(tmp_path, "elsewhere/1")
    storage = tmp_path / "storage"
    storage.mkdir(mode=0o700)
    (storage / "cache").symlink_to(tmp_path / "elsewhere")
    open_storage(str(storage), None, shared=False)
    assert content(tmp_path) == {"elsewhere/1": "elsewhere/1"}


def test_a_storage_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    made(tmp_path, "file")
    with pytest.raises(WindowError, match="cannot be used"):
        open_storage(str(tmp_path / "file"), None, shared=False)
