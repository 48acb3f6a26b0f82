"""What a forked child keeps, and what is taken from it."""

import subprocess
import sys

import pytest

SETUP = """
import os, resource, socket, tempfile
from pathlib import Path
from wesktopd.system.posix import control_socket
from wesktopd.system.posix.forked import withhold
from wesktopd.system.posix.lock import Lock

directory = Path(tempfile.mkdtemp())

def forked(child):
    "What `child()` returns in a child that lives until the parent is done with it."
    said, says = os.pipe()
    lives, ends = os.pipe()
    if os.fork() == 0:
        os.close(ends)
        os.write(says, repr(child()).encode())
        os.read(lives, 1)
        os._exit(0)
    os.close(says)
    return os.read(said, 4096).decode()

def connected():
    "A withheld listener, and both ends of a connection that it has accepted."
    listener = socket.create_server(("127.0.0.1", 0))
    withhold(listener.fileno(), listener.getsockname())
    client = socket.create_connection(listener.getsockname())
    server, _ = listener.accept()
    server.setblocking(False)
    return listener, client, server

def target(fd):
    return os.readlink(f"/proc/self/fd/{fd}").split(":")[0]
"""

CASES = {
    "a socket that is withheld": (
        """
ours, theirs = socket.socketpair()
withhold(ours.fileno())
print(forked(lambda: target(ours.fileno())))
ours.sendall(b"the parent's still works")
print(theirs.recv(99).decode())
ours.close()
print(theirs.recv(99))
""",
        "'/dev/null'\nthe parent's still works\nb''\n",
    ),
    "one that is not": (
        """
ours, theirs = socket.socketpair()
print(forked(lambda: target(ours.fileno())))
""",
        "'socket'\n",
    ),
    "a file that has the number of one that was closed": (
        """
ours, theirs = socket.socketpair()
withhold(ours.fileno())
number = ours.fileno()
ours.close()
assert os.open("/etc/passwd", os.O_RDONLY) == number
print(forked(lambda: target(number) == os.devnull))
""",
        "False\n",
    ),
    "what was accepted, and not what was connected": (
        """
listener, client, server = connected()
print(forked(lambda: [target(each.fileno()) for each in (listener, client, server)]))
""",
        "['/dev/null', 'socket', '/dev/null']\n",
    ),
    "a control connection, on both sides": (
        """
listener, _ = control_socket.listen(directory / "control")
client = control_socket.connect(directory / "control", 20)
server, _ = listener.accept()
server.setblocking(False)
print(forked(lambda: [target(each.fileno()) for each in (listener, client, server)]))
client.close()
server.setblocking(True)
print(server.recv(99))
""",
        "['/dev/null', '/dev/null', '/dev/null']\nb''\n",
    ),
    "a lock": (
        """
lock = Lock(directory / "lock")
assert lock.acquire()
print(forked(lambda: target(lock.fd)))
lock.leave()
print(Lock(directory / "lock").is_held())
""",
        "'/dev/null'\nFalse\n",
    ),
    "where no descriptor is left": (
        """
listener, client, server = connected()
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)

def child():
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return [target(each.fileno()) for each in (listener, server)]

pipes = [os.pipe(), os.pipe()]
made = iter(pipes)
os.pipe = lambda: next(made)
resource.setrlimit(resource.RLIMIT_NOFILE, (pipes[-1][1] + 1, hard))
print(forked(child))
""",
        "['/dev/null', '/dev/null']\n",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_forked_child_has_what_is_not_its_parents_alone(case: str) -> None:
    script, said = CASES[case]
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", SETUP + script],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == (said, "")
