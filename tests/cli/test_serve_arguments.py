"""What a service's command line is given of the options: what `wesktop serve` reads the same from it."""

from typing import Any

import click
import pytest

from wesktop.cli.serve import serve
from wesktop.cli.service import serve_arguments


def parsed(arguments: list[str]) -> dict[str, Any]:
    """The values that `serve` has for these."""
    context: click.Context = serve.make_context("serve", ["app:app", *arguments])
    return context.params


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], []),
        (["--port", "8000"], []),
        (["--port", "0", "--host", "::1"], ["--host=::1", "--port=0"]),
        (["--hang-timeout", "0"], ["--hang-timeout=0"]),
        (["--hang-timeout", "30"], []),
        (["--hang-timeout", "1.5"], ["--hang-timeout=1.5"]),
        (["--idle-timeout", "600"], ["--idle-timeout=600.0"]),
        (["--factory", "--access-log"], ["--access-log", "--factory"]),
        (["--workers", "4", "--max-rss", "100"], ["--max-rss=100.0", "--workers=4"]),
        (["--log-format", "json"], ["--log-format=json"]),
        (["--pid-path", "/a b"], ["--pid-path=/a b"]),
        (["--allowed-host", "a", "--allowed-host", "b"], ["--allowed-host=a", "--allowed-host=b"]),
        (["--csp", "default-src 'self'"], ["--csp=default-src 'self'"]),
        (["--csp", ""], ["--csp="]),
        (["--session"], ["--session"]),
        (["--no-session"], []),
        (["--allow-remote"], ["--allow-remote"]),
    ],
)
def test_what_is_not_a_default_is_passed_on(given: list[str], expected: list[str]) -> None:
    options = {name: value for name, value in parsed(given).items() if name not in ("target", "name", "detach")}
    arguments = serve_arguments(options)
    assert sorted(arguments) == expected
    assert parsed(arguments) == parsed(given)
