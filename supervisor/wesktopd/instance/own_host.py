"""The host name by which an app's windows and links find it, and which leads to no other server of this machine.

Cookies ignore ports (RFC 6265, 8.5), so all servers of 127.0.0.1 share theirs. A name below `localhost` leads to this
machine (RFC 6761, 6.3), has cookies and storage of its own, and counts as secure (Secure Contexts, 3.1). It is
random, so that no other program can lead a browser to another server by it, and permanent, since a page's storage
belongs to it.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path

from wesktopd.errors import ConfigurationError
from wesktopd.paths import host_file
from wesktopd.system import RESOLVES_LOCALHOST_NAMES, private_dir, read_private
from wesktopd.system.atomic_files import atomic_write

RANDOM_BYTES = 16
MAX_SLUG = 24  # characters of the app's name in it, to be recognised by

_HOST = re.compile(r"[a-z0-9][a-z0-9-]{31,62}\.localhost")


def own_host(name: str, warn: Callable[[str], object] = lambda _: None) -> str | None:
    """Return the host of the app of this name; create it if there is none yet.

    None on a system that does not resolve such names; also, with a warning to `warn`, if it cannot be stored: the
    page's storage would be lost with it.
    """
    if not RESOLVES_LOCALHOST_NAMES:
        return None
    try:
        return _kept(name, host_file(name), warn)
    except ConfigurationError:  # a user without a home directory has no storage, either
        return None


def host_in(link: str) -> str | None:
    """Return the app's own host that a link or origin names; None for an address that others share."""
    host = re.split(r"[/:]", link.removeprefix("http://"), maxsplit=1)[0]
    return host if _HOST.fullmatch(host) else None


def _kept(name: str, memory: Path, warn: Callable[[str], object]) -> str | None:
    try:
        kept = read_private(memory, 128).decode("ascii", "replace").strip()
        if _HOST.fullmatch(kept):
            return kept
    except FileNotFoundError:
        pass
    except OSError as error:
        warn(_cannot(error))
        return None
    made = fresh_host(name)
    try:
        private_dir(memory.parent)
        atomic_write(memory, f"{made}\n".encode(), durable=True)
    except OSError as error:
        warn(_cannot(error))
        return None
    return made


def fresh_host(name: str) -> str:
    """Return a host that cannot be guessed, of one DNS label (RFC 1035, 2.3.4) below `localhost`."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower())[:MAX_SLUG].strip("-")
    return f"{slug or 'app'}-{os.urandom(RANDOM_BYTES).hex()}.localhost"


def _cannot(error: OSError) -> str:
    return f"the app's own host name cannot be kept: {error}. Its windows use an address that other pages share."
