"""launch_activate_socket: the call, with a function of the same type in the place of launchd's."""

import ctypes
import errno
import socket

import pytest

from wesktopd.errors import ConfigurationError
from wesktopd.system import SOCKETS, activated_sockets
from wesktopd.system.posix.launchd_sockets import activate

LIBC = ctypes.CDLL(None)
LIBC.malloc.restype = ctypes.c_void_p
SIGNATURE = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.c_char_p,
    ctypes.POINTER(ctypes.POINTER(ctypes.c_int)),
    ctypes.POINTER(ctypes.c_size_t),
)


class Library:
    """As libSystem: `descriptors` are what it has for "Listeners". What is freed is noted."""

    def __init__(self, descriptors: list[int]) -> None:
        self.allocated: list[int] = []
        self.freed: list[int | None] = []
        self.free = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self._free)
        self._descriptors = descriptors
        self.launch_activate_socket = SIGNATURE(self._activate)

    def _activate(self, name: bytes, fds: "ctypes._Pointer[ctypes._Pointer[ctypes.c_int]]", count: object) -> int:
        if name != b"Listeners":
            return errno.ENOENT
        if self.allocated:
            return errno.EALREADY
        size = ctypes.sizeof(ctypes.c_int)
        memory = LIBC.malloc(ctypes.c_size_t(size * len(self._descriptors)))
        self.allocated.append(memory)
        array = ctypes.cast(memory, ctypes.POINTER(ctypes.c_int))
        for index, fd in enumerate(self._descriptors):
            array[index] = fd
        fds[0] = array
        count[0] = len(self._descriptors)  # type: ignore[index]
        return 0

    def _free(self, memory: int | None) -> None:
        self.freed.append(memory)
        LIBC.free(ctypes.c_void_p(memory))


@pytest.mark.parametrize("descriptors", [[7], [7, 8], []])
def test_the_descriptors_are_taken_and_the_array_is_freed(descriptors: list[int]) -> None:
    library = Library(descriptors)
    assert activate(library, "Listeners") == descriptors
    assert library.freed == library.allocated


def test_what_launchd_refuses_is_said() -> None:
    library = Library([7])
    with pytest.raises(ConfigurationError, match=r"'Others' .*No such file"):
        activate(library, "Others")
    activate(library, "Listeners")
    with pytest.raises(ConfigurationError, match="already in progress"):
        activate(library, "Listeners")


def test_elsewhere_nothing_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SOCKETS, "Listeners")
    assert activated_sockets() == []


def test_on_macos_each_descriptor_is_a_socket_of_this_process_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    made = socket.create_server(("127.0.0.1", 0))
    address, fd = made.getsockname(), made.detach()
    monkeypatch.setenv(SOCKETS, "Listeners")
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr(ctypes, "CDLL", lambda _: Library([fd]))
    ((name, found),) = activated_sockets()
    with found:
        assert (name, found.getsockname(), found.get_inheritable()) == ("", address, False)
    assert activated_sockets() == []  # it is given out once
