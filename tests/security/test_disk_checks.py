"""What may be used as this user's own: directories, links and files, whoever has put them there."""

import errno
import os
import pwd
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from support.users import OTHER, VICTIM, needs_root, run_as
from wesktopd.system import Lock, NotPrivateError
from wesktopd.system.atomic_files import atomic_write
from wesktopd.system.posix import private_files

ME = 54320  # whom nobody has given a name


def info(kind: int, uid: int = ME, mode: int = 0o600) -> os.stat_result:
    return os.stat_result((kind | mode, 0, 0, 1, uid, uid, 0, 0, 0, 0))


@pytest.mark.parametrize(
    ("found", "forbidden", "said"),
    [
        (info(stat.S_IFREG), 0, None),
        (info(stat.S_IFREG, uid=0), 0, None),
        (info(stat.S_IFREG, mode=0o666), 0, None),
        (info(stat.S_IFREG, mode=0o644), private_files.OTHERS_WRITE, None),
        (
            info(stat.S_IFREG, mode=0o620),
            private_files.OTHERS_WRITE,
            "is not for its owner, uid 54320, alone (mode 0620)",
        ),
        (
            info(stat.S_IFREG, mode=0o602),
            private_files.OTHERS_WRITE,
            "alone (mode 0602): look at it, then chmod 600 it",
        ),
        (info(stat.S_IFREG, mode=0o604), private_files.OTHERS, "alone (mode 0604)"),
        (info(stat.S_IFREG, uid=54321), 0, "belongs to uid 54321: have it removed"),
        (info(stat.S_IFLNK), 0, "is a symbolic link of uid 54320: remove it"),
        (info(stat.S_IFLNK, uid=0), 0, "is a symbolic link of root (uid 0)"),
        (info(stat.S_IFIFO), 0, "is not a file, and belongs to uid 54320: remove it"),
        (info(stat.S_IFDIR, mode=0o700), 0, "is not a file"),
        (info(stat.S_IFSOCK), 0, "is not a file"),
        (info(stat.S_IFCHR), 0, "is not a file"),
    ],
)
def test_a_file_is_ours_or_roots_and_is_a_file(found: os.stat_result, forbidden: int, said: str | None) -> None:
    objection = private_files.objection(found, ME, forbidden)
    assert (objection is None) if said is None else (objection is not None and said in objection)


@pytest.mark.parametrize(
    ("uid", "stranger", "trusted"),
    [(ME, None, True), (0, None, True), (1001, None, False), (65534, None, False), (65534, 65534, True)],
)
def test_who_is_relied_on(uid: int, stranger: int | None, *, trusted: bool) -> None:
    assert private_files.is_trusted_owner(uid, ME, stranger) is trusted


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.mark.parametrize("umask", [0, 0o022, 0o077, 0o277])
def test_a_directory_and_what_was_missing_above_it_are_made_private(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        private_files.private_dir(tmp_path / "a" / "b" / "c" if umask != 0o277 else tmp_path / "c")
    finally:
        os.umask(before)
    made = [path for path in tmp_path.rglob("*") if path.is_dir()]
    assert made
    assert {mode(path) for path in made} == {0o700}


@pytest.mark.parametrize("loose", [0o777, 0o755, 0o750, 0o500])
def test_a_directory_that_is_there_is_tightened(tmp_path: Path, loose: int) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there").chmod(loose)
    private_files.private_dir(tmp_path / "there")
    assert mode(tmp_path / "there") == 0o700


def test_a_link_of_our_own_on_the_way_is_followed_and_one_in_its_place_is_not(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    private_files.private_dir(tmp_path / "link" / "made")
    assert mode(tmp_path / "real" / "made") == 0o700
    us = f"{pwd.getpwuid(os.geteuid()).pw_name} (uid {os.geteuid()})"
    with pytest.raises(NotPrivateError, match=re.escape(f"symbolic link of {us}")):
        private_files.private_dir(tmp_path / "link")


@pytest.mark.parametrize(
    ("target", "error"),
    [("loop", OSError), ("../loop", OSError), ("missing", FileNotFoundError), ("", NotADirectoryError)],
)
def test_a_path_that_leads_nowhere_is_an_error(tmp_path: Path, target: str, error: type[OSError]) -> None:
    if target:
        (tmp_path / "loop").symlink_to(target)
    else:
        (tmp_path / "loop").touch()
    with pytest.raises(error):
        private_files.resolve(str(tmp_path / "loop" / "file"))


def test_links_lead_where_the_kernel_says(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "up").symlink_to("a/b/../../a")
    (tmp_path / "absolute").symlink_to(tmp_path / "up" / "b")
    (tmp_path / "a" / "b" / "file").touch()
    path = tmp_path / "absolute" / "file"
    assert private_files.resolve(str(path)) == str(path.resolve())


FLAGS = {"read": os.O_RDONLY, "append": os.O_WRONLY | os.O_CREAT | os.O_APPEND}


@pytest.mark.parametrize("kind", ["link", "dangling link", "FIFO", "directory", "device"])
@pytest.mark.parametrize("how", FLAGS)
def test_what_is_no_file_is_neither_opened_nor_waited_for(tmp_path: Path, how: str, kind: str) -> None:
    path = tmp_path / "it"
    (tmp_path / "target").touch()
    plant: dict[str, Callable[[], None]] = {
        "link": lambda: path.symlink_to("target"),
        "dangling link": lambda: path.symlink_to("nothing"),
        "FIFO": lambda: os.mkfifo(path),
        "directory": lambda: path.mkdir(),
        "device": lambda: path.symlink_to("/dev/zero"),
    }
    plant[kind]()
    with pytest.raises(OSError, match=r".") as raised:
        private_files.open_private(path, FLAGS[how])
    assert isinstance(raised.value, NotPrivateError | IsADirectoryError)
    assert not (tmp_path / "nothing").exists()


def test_a_file_of_ours_is_tightened_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    path.chmod(0o666)
    os.close(private_files.open_private(path, os.O_WRONLY | os.O_APPEND))
    assert mode(path) == 0o600


def test_what_others_may_have_written_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("x")
    path.chmod(0o666)
    with pytest.raises(NotPrivateError, match="chmod 600"):
        private_files.read_private(path, 100)
    path.chmod(0o644)
    assert private_files.read_private(path, 100) == b"x"


def test_a_file_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 11)
    with pytest.raises(OSError, match="longer than 10 bytes") as raised:
        private_files.read_private(tmp_path / "file", 10)
    assert raised.value.errno == errno.EFBIG


def test_a_draft_has_no_name_that_can_be_taken_beforehand(tmp_path: Path) -> None:
    for pid in (os.getpid(), 1):
        (tmp_path / f".file.{pid}").symlink_to("elsewhere")
    atomic_write(tmp_path / "file", b"data")
    assert (tmp_path / "file").read_bytes() == b"data"
    assert not (tmp_path / "elsewhere").exists()


def test_a_write_replaces_a_link_and_not_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("kept")
    (tmp_path / "file").symlink_to("target")
    atomic_write(tmp_path / "file", b"data")
    assert (tmp_path / "target").read_text() == "kept"
    assert not (tmp_path / "file").is_symlink()


# Of another user: owners can be set by root alone.


@needs_root
@pytest.mark.parametrize("above", [True, False], ids=["above it", "itself"])
def test_a_directory_of_another_user_is_refused_by_name(tmp_path: Path, *, above: bool) -> None:
    planted = tmp_path / "planted"
    planted.mkdir(mode=0o777)
    os.chown(planted, OTHER, OTHER)
    with pytest.raises(NotPrivateError) as raised:
        private_files.private_dir(planted / "ours" if above else planted)
    assert str(raised.value).startswith(f"{planted} belongs to nobody (uid {OTHER}): have it removed")
    assert not any(planted.iterdir())


@needs_root
def test_a_link_of_another_user_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link"
    link.symlink_to("real")
    os.chown(link, OTHER, OTHER, follow_symlinks=False)
    with pytest.raises(NotPrivateError, match=rf"symbolic link of .*uid {OTHER}"):
        private_files.private_dir(link / "made")
    assert not any((tmp_path / "real").iterdir())


@needs_root
def test_a_lock_of_another_user_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    os.chown(tmp_path / "lock", OTHER, OTHER)
    with pytest.raises(NotPrivateError, match="belongs to nobody"):
        Lock(tmp_path / "lock").acquire()


@needs_root
def test_for_a_user_who_is_not_root_roots_directories_are_in_order_and_another_users_are_not(home: Path) -> None:
    home.chmod(0o755)
    for name, user in (("ours", VICTIM), ("theirs", OTHER)):
        (home / name).mkdir()
        os.chown(home / name, user, user)
        (home / name).chmod(0o777)
    make = "private_files.private_dir(sys.argv[1])"
    run_as(VICTIM, make, home / "ours" / "a" / "b")
    assert (mode(home / "ours" / "a"), (home / "ours" / "a" / "b").stat().st_uid) == (0o700, VICTIM)
    with pytest.raises(AssertionError, match=r"theirs belongs to nobody"):
        run_as(VICTIM, make, home / "theirs" / "a")
    assert not any((home / "theirs").iterdir())
