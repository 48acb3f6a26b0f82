"""Files are opened once, and below a directory by no link: whoever can write there reads nothing from elsewhere."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from asgi.memory import request
from support.waiting import wait_for
from wesktop.asgi import Router, create_app
from wesktop.asgi.files.opening import is_path_of, open_beneath, open_file
from wesktop.asgi.files.static import MAX_CACHED_FILE

SECRET = b"secret"

# Exchanges each pair of paths, atomically (renameat2, RENAME_EXCHANGE), again and again, for a link to appear between
# any two steps of the server's; and says when it has begun.
EXCHANGE = """
import ctypes, os, sys
libc = ctypes.CDLL(None)
pairs = [[os.fsencode(path) for path in pair.split("=")] for pair in sys.argv[1:]]
print("begun", flush=True)
while True:
    for one, other in pairs:
        libc.renameat2(-100, one, -100, other, 2)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "static"
    (root / "sub").mkdir(parents=True)
    return root


@contextlib.contextmanager
def exchanging(*pairs: tuple[Path, Path]) -> Iterator[None]:
    arguments = [f"{one}={other}" for one, other in pairs]
    process = subprocess.Popen([sys.executable, "-c", EXCHANGE, *arguments], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        yield
    finally:
        process.kill()
        process.communicate()


def descriptors() -> set[str]:
    """The descriptors of this process."""
    return {path.name for path in Path("/proc/self/fd").iterdir()}


@pytest.mark.parametrize("size", [100, MAX_CACHED_FILE + 1])
@pytest.mark.parametrize("cache_size", [0, 16 * 1024 * 1024])
def test_a_file_that_is_exchanged_for_a_link_all_the_time_never_leads_out(
    tmp_path: Path, root: Path, size: int, cache_size: int
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    for name, content in ((root / "a.txt", b"a"), (root / "sub" / "b.txt", b"b"), (outside / "b.txt", SECRET)):
        name.write_bytes(content * (size // len(content)))
    (tmp_path / "link").symlink_to(outside / "b.txt")
    (tmp_path / "directory-link").symlink_to(outside)
    app = create_app(Router(), static_dir=root, static_cache_size=cache_size)
    counts = {200: 0, 404: 0}

    def look() -> bool:
        for path in ("/assets/a.txt", "/assets/sub/b.txt"):
            answer = request(app, "GET", path)
            assert SECRET not in answer.body
            counts[answer.status] += 1
        return min(counts.values()) > 100

    with exchanging((root / "a.txt", tmp_path / "link"), (root / "sub", tmp_path / "directory-link")):
        wait_for(look, "a hundred answers of each kind")


@pytest.mark.parametrize(
    "names", [("link",), ("to-sub", "file"), ("sub", "to-file"), ("dangling",), ("fifo",), ("sub",), ("missing",)]
)
def test_below_a_directory_no_link_is_followed_and_only_a_regular_file_opened(
    root: Path, names: tuple[str, ...]
) -> None:
    (root / "sub" / "file").write_bytes(b"x")
    (root / "link").symlink_to("sub/file")
    (root / "to-sub").symlink_to("sub")
    (root / "sub" / "to-file").symlink_to("file")
    (root / "dangling").symlink_to("nowhere")
    os.mkfifo(root / "fifo")
    assert open_beneath(str(root), names) is None
    with open_beneath(str(root), ("sub", "file")) as file:  # type: ignore[union-attr]
        assert file.read() == b"x"


def test_a_socket_that_has_taken_a_files_place_is_none(root: Path) -> None:
    with socket.socket(socket.AF_UNIX) as unix:
        directory = os.open(root, os.O_RDONLY)
        unix.bind(f"/proc/self/fd/{directory}/socket")
        os.close(directory)
        assert open_beneath(str(root), ("socket",)) is None


@pytest.mark.skipif(sys.platform != "linux", reason="leases are Linux'")
def test_the_holder_of_a_files_lease_keeps_nobody_waiting(root: Path) -> None:
    import fcntl

    (root / "file").write_bytes(b"x")
    held = os.open(root / "file", os.O_RDWR)
    try:
        fcntl.fcntl(held, fcntl.F_SETSIG, signal.SIGURG)  # which is ignored; SIGIO would end this process
        fcntl.fcntl(held, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        assert open_beneath(str(root), ("file",)) is None
        assert open_file(root / "file") is None
    finally:
        os.close(held)


def test_no_descriptor_stays_open(root: Path) -> None:
    (root / "sub" / "file").write_bytes(b"x")
    os.mkfifo(root / "sub" / "fifo")
    before = descriptors()
    for name in ("file", "fifo", "missing"):
        with contextlib.ExitStack() as stack:
            if (file := open_beneath(str(root), ("sub", name))) is not None:
                stack.enter_context(file)
    assert descriptors() == before


def test_a_directory_that_is_exchanged_for_another_is_the_new_one(tmp_path: Path, root: Path) -> None:
    app = create_app(Router(), static_dir=root)
    (root / "a.txt").write_bytes(b"old")
    assert request(app, "GET", "/assets/a.txt").body == b"old"
    root.rename(tmp_path / "before")
    root.mkdir()
    (root / "a.txt").write_bytes(b"new")
    assert request(app, "GET", "/assets/a.txt").body == b"new"


@pytest.mark.parametrize(
    ("path", "final", "same"),
    [
        (r"C:\app\static\a.js", r"\\?\C:\app\static\a.js", True),
        (r"c:\App\static\a.js", r"\\?\C:\app\STATIC\a.js", True),
        (r"C:\app\static\a.js", r"\\?\C:\app\secret.txt", False),
        (r"C:\app\static\a.js", r"\\?\D:\app\static\a.js", False),
        (r"C:\app\static\a.js", r"\\?\UNC\server\share\a.js", False),
        (r"\\server\share\a.js", r"\\?\UNC\server\share\a.js", True),
        (r"\\server\share\a.js", r"\\?\UNC\other\share\a.js", False),
    ],
)
def test_on_windows_the_path_of_what_is_open_is_compared(path: str, final: str, same: bool) -> None:
    assert is_path_of(path, final) is same
