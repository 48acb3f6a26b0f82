"""How a test gets in where an app has a session."""

import contextlib
import json
import socket
from pathlib import Path


def own_address(home: Path, name: str, url: str) -> str:
    """Where the windows and links of an app find it that others find at `url`."""
    host = next(home.rglob(f"{name}.host")).read_text().strip()
    return url.replace("127.0.0.1", host)


def authorization(home: Path, name: str) -> list[str]:
    """The header with which the app of this home and name lets a script in; none while it does not run."""
    with contextlib.suppress(OSError, ValueError, KeyError), socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(20)
        connection.connect(str(home / "run" / "wesktop" / f"{name}.sock"))
        connection.sendall(b'{"type":"bearer"}\n')
        return [f"Authorization: Bearer {json.loads(connection.makefile('rb').readline())['token']}"]
    return []
