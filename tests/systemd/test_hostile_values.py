"""Whatever is in a path, an argument or a variable, the program gets it as it was given: systemd is the reader."""

import json
import os
import sys
from pathlib import Path

import pytest

from support.systemd import Service
from wesktop.services.service import Service as Described
from wesktop.services.units import render

HOSTILE = [
    "",
    " ",
    "  two  blanks  ",
    "a\tb",
    "$HOME",
    "${HOME}",
    "$$",
    "%h",
    "%%",
    "%n%",
    '"',
    "'",
    "\\",
    "\\n",
    "\\x41",
    "ends with \\",
    ";",
    "\\;",
    "#",
    "-x",
    "--option=va lue",
    "@NAME@",
    "@ENVIRONMENT@",
    "[Service]",
    "ExecStart=/bin/false",
    "é ü 漢字 🎉",
    "`id`",
    "$(id)",
    "*",
    "~",
    "{}",
    "|&<>",
    "a" * 5000,
]
# A part of a path is neither empty nor holds a slash.
NAMES = ["two  blanks", "$HOME", "${HOME}", "%h %%", ";# [x]", "é 漢字", "@NAME@", "-dash", "~", "*"]
DIRECTORIES = [*NAMES, "\"double\" 'single'", "\\x41", " leading"]

PROGRAM = """
import json, os, socket, sys
with open(sys.argv[1], "w") as file:
    json.dump({"arguments": sys.argv[2:], "directory": os.getcwd(), "environment": dict(os.environ)}, file)
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
    manager.connect(os.environ["NOTIFY_SOCKET"].replace("@", "\\0", 1))
    manager.sendall(b"READY=1")
"""


def seen(app: Service, described: Described) -> dict[str, object]:
    """What a program finds that is started by the unit."""
    (text,) = render(described).values()
    (app.manager.units / app.unit).write_text(text.replace("Restart=on-failure", "Restart=no"))
    app.manager.systemctl("daemon-reload")
    app.manager.systemctl("start", app.unit)
    found: dict[str, object] = json.loads((app.home / "seen").read_text())
    return found


def program(app: Service) -> str:
    path = app.home / "program.py"
    path.write_text(PROGRAM)
    return str(path)


def test_arguments_and_variables_come_out_as_they_are(app: Service) -> None:
    environment = {f"HOSTILE_{number}": value for number, value in enumerate(HOSTILE)}
    described = Described(
        name="app",
        command=(sys.executable, program(app), str(app.home / "seen"), *HOSTILE),
        reload_command=("/bin/true", *HOSTILE),
        directory=str(app.directory),
        description=" ".join(HOSTILE[4:10]),
        environment=environment,
    )
    found = seen(app, described)
    assert found["arguments"] == HOSTILE
    given = found["environment"]
    assert isinstance(given, dict)
    assert {name: given.get(name) for name in environment} == environment
    assert app.show("Description") == described.description


def test_the_variables_of_a_service_of_the_machine_come_out_of_their_file_as_they_are(app: Service) -> None:
    variables = {f"HOSTILE_{number}": value for number, value in enumerate(HOSTILE)}
    command = (sys.executable, program(app), str(app.home / "seen"))
    directory = str(app.directory)
    of_the_machine = Described(
        name="app", command=command, reload_command=command, directory=directory, system=True, user="root",
        variables=variables,
    )  # fmt: skip
    file = app.home / "variables"
    file.write_text(render(of_the_machine)["wesktop-app.env"])
    described = Described(
        name="app", command=command, reload_command=command, directory=directory, environment_file=str(file)
    )
    given = seen(app, described)["environment"]
    assert isinstance(given, dict)
    assert {name: given.get(name) for name in variables} == variables


@pytest.mark.parametrize("name", DIRECTORIES)
def test_the_directory_may_be_called_anything(app: Service, name: str) -> None:
    directory = app.home / "in" / name
    directory.mkdir(parents=True)
    described = Described(
        name="app",
        command=(sys.executable, program(app), str(app.home / "seen")),
        reload_command=("/bin/true",),
        directory=str(directory),
    )
    assert seen(app, described)["directory"] == os.path.realpath(directory)
    assert app.show("WorkingDirectory") == str(directory)


@pytest.mark.parametrize("name", NAMES)
def test_the_environment_may_be_in_a_directory_called_anything(app: Service, name: str) -> None:
    directory = app.home / "in" / name
    directory.mkdir(parents=True)
    runner = directory / "pro gram"
    runner.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    runner.chmod(0o755)
    described = Described(
        name="app",
        command=(str(runner), program(app), str(app.home / "seen")),
        reload_command=(str(runner),),
        directory=str(app.directory),
    )
    assert seen(app, described)["arguments"] == []


@pytest.mark.parametrize("name", ["variables", "two  blanks", "$HOME %h", "'quoted\"", "-x"])
def test_the_file_of_variables_may_be_called_anything(app: Service, name: str) -> None:
    file = Path(app.home, name)
    file.write_text("FROM_FILE='a b'\nSHADOWED=file\n")
    described = Described(
        name="app",
        command=(sys.executable, program(app), str(app.home / "seen")),
        reload_command=("/bin/true",),
        directory=str(app.directory),
        environment={"SHADOWED": "unit"},
        environment_file=str(file),
    )
    given = seen(app, described)["environment"]
    assert isinstance(given, dict)
    assert (given["FROM_FILE"], given["SHADOWED"]) == ("a b", "file")
