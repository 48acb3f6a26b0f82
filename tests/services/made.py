"""Services for tables."""

from typing import Any

from wesktop.services.service import Service


def made(**options: Any) -> Service:
    """A service, with what matters to a test."""
    given: dict[str, Any] = {
        "name": "hello",
        "command": ("/opt/venv/bin/wesktop", "serve", "app:app", "--name=hello"),
        "reload_command": ("/opt/venv/bin/wesktop", "ctl", "restart", "hello"),
        "directory": "/home/me/hello",
    }
    return Service(**{**given, **options})
