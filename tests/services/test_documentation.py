"""docs/services.md: the unit that it shows is the one that is written, and every option is in it."""

from pathlib import Path

import click
import pytest

from services.made import made
from wesktop.cli.serve import serve
from wesktop.cli.service import install, print_files, status, uninstall
from wesktop.services.units import render

PAGE = (Path(__file__).parents[2] / "docs" / "services.md").read_text()


def test_the_unit_shown_is_the_unit_written() -> None:
    wesktop = "/home/me/myapp/.venv/bin/wesktop"
    service = made(
        name="myapp",
        command=(wesktop, "serve", "app:app", "--name=myapp"),
        reload_command=(wesktop, "ctl", "restart", "myapp"),
        directory="/home/me/myapp",
        environment={"LANG": "en_GB.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin"},
    )
    (shown,) = (block.partition("```")[0] for block in PAGE.split("```ini\n")[1:])
    assert shown == render(service)["wesktop-myapp.service"]


@pytest.mark.parametrize("command", [install, print_files, status, uninstall])
def test_every_option_is_documented(command: click.Command) -> None:
    theirs = {name for parameter in serve.params for name in parameter.opts}
    ours = {name for parameter in command.params if isinstance(parameter, click.Option) for name in parameter.opts}
    assert {name for name in ours - theirs if name not in PAGE} == set()
