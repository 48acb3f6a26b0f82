"""`wesktop service` under a real systemd: what it installs works, and what it removes is gone."""

import json
import socket
from pathlib import Path

from support.ipv6 import HAS_IPV6
from support.scripts import answers
from systemd.installed import Installed, tree, units


def test_an_installed_service_serves_and_comes_with_the_session(installed: Installed) -> None:
    app = installed.app
    assert f"it serves on {app.url}" in installed.install()
    assert app.version() == "one"
    assert app.show("Type") == "notify"
    assert app.show("StatusText") == f"Serving on {app.url}."
    assert app.show("UnitFileState") == "enabled"
    assert app.show("WorkingDirectory") == str(app.directory)
    assert app.show("KillMode") == "control-group"
    assert app.show("NFileDescriptorStore") == ("2" if HAS_IPV6 else "1")
    assert (app.manager.units / "default.target.wants" / app.unit).is_symlink()
    code, said, _ = installed.service("status", installed.name, "--json")
    status = json.loads(said)
    assert (code, status["state"], status["up"], status["enabled"]) == (0, "active", True, True)
    assert status["pid"] == app.main_pid()
    assert status["note"] == f"Serving on {app.url}."
    assert json.loads(installed.ctl("status", installed.name, "--json"))["url"] == app.url
    assert installed.name in installed.service("status")[1]


def test_uninstall_leaves_nothing(installed: Installed) -> None:
    app = installed.app
    before = tree(app.home)
    for options in ([], ["--on-demand"]):
        installed.install(*options)
        assert app.version() == "one"
        installed.ctl("status", installed.name)
        assert tree(app.home) - before != set()
        assert installed.service("uninstall", installed.name) == (0, f"{installed.name}: uninstalled\n", "")
        assert tree(app.home) == before
        assert app.processes() == []
        assert answers(app.url) is None
        assert app.show("LoadState") == "not-found"
        assert [path.name for path in (app.home / "run" / "wesktop").glob("*")] == []
        with socket.socket() as free:
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            free.bind(("127.0.0.1", app.port))
    assert installed.service("uninstall", installed.name)[0] == 1


def test_a_free_port_is_raised_where_it_is_known(installed: Installed) -> None:
    code, said, errors = installed.service("install", installed.name, "app:app", "--port=0", "--no-start", "--json")
    assert (code, json.loads(said)["url"]) == (0, None), errors
    code, said, errors = installed.service("install", installed.name, "app:app", "--port=0", "--replace", "--json")
    assert code == 0, errors
    url = json.loads(installed.ctl("status", installed.name, "--json"))["url"]
    assert json.loads(said)["url"] == url
    assert answers(url)


def test_print_shows_what_install_writes(installed: Installed) -> None:
    app = installed.app
    options = [f"--port={app.port}", "--env=GREETING=two words", "--on-demand"]
    code, shown, _ = installed.service("print", installed.name, "app:app", *options, "--json")
    assert code == 0
    assert units(app) == []
    installed.install(*options[1:])
    for file in json.loads(shown)["files"]:
        assert Path(file["path"]).read_text() == file["text"]
    assert units(app) == sorted(Path(file["path"]).name for file in json.loads(shown)["files"])


ENVIRONMENT = """
@router.get("/environment")
async def environment(request):
    return {"env": dict(os.environ), "directory": os.getcwd(), "python": sys.executable, "prefix": sys.prefix}
"""


def test_the_app_keeps_its_environment_directory_and_python(installed: Installed) -> None:
    app = installed.app
    app.write("one", ENVIRONMENT)
    app.manager.env["SHELL_SAID"] = "100 % $HOME"
    (app.directory / "secrets").write_text("TOKEN=from the file\n")
    installed.install("--env=GREETING=a b", "--env=SHELL_SAID", "--env-file=secrets")
    seen = app.get("/environment")
    assert seen["directory"] == str(app.directory)
    assert (seen["env"]["GREETING"], seen["env"]["SHELL_SAID"]) == ("a b", "100 % $HOME")
    assert seen["env"]["TOKEN"] == "from the file"
    assert seen["env"]["PATH"] == app.manager.env["PATH"]
    assert Path(seen["prefix"]) == Path(seen["python"]).parents[1]
    assert "from the file" not in (app.manager.units / app.unit).read_text()


def test_variables_are_for_the_user_alone_and_systemd_takes_a_unit_that_nobody_else_can_read(
    installed: Installed,
) -> None:
    app = installed.app
    installed.install("--env=API_KEY=hunter2")
    unit = app.manager.units / app.unit
    assert "hunter2" in unit.read_text()
    assert unit.stat().st_mode & 0o777 == 0o600
    unit.chmod(0o644)  # as an earlier release has written it
    installed.install("--env=API_KEY=hunter3", "--replace")
    assert unit.stat().st_mode & 0o777 == 0o600
    assert app.show("Environment").split().count("API_KEY=hunter3") == 1
    assert "inaccessible" not in app.manager.log()
