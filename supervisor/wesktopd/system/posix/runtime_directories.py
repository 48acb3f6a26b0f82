"""The directories for a user's sockets and locks, and the maximum length of a socket's path."""

import os
import sys
from pathlib import Path

MAX_SOCKET_PATH = 103 if sys.platform == "darwin" else 107  # sizeof sockaddr_un.sun_path, less the final NUL


def runtime_directories(app: str) -> list[Path]:
    """Return the candidates for the directory of this user's sockets, best first; none is created.

    The platform's own (XDG_RUNTIME_DIR on Linux), else one of this user's in the temporary directory.
    """
    user = str(os.getuid())
    shared = [Path(place) / f"{app}-{user}" for place in (os.environ.get("TMPDIR"), "/tmp") if place]  # noqa: S108  see private_dir
    if sys.platform == "darwin":
        import platformdirs

        return [platformdirs.user_runtime_path(app, appauthor=False), *shared]
    # /run/user is set up by logind, and there too for a process that was started outside of the user's session.
    own = (os.environ.get("XDG_RUNTIME_DIR", ""), f"/run/user/{user}")
    return [*(Path(place) / app for place in own if Path(place).is_absolute() and Path(place).is_dir()), *shared]
