"""A service takes another's place whole, or leaves it as it was."""

from support.load import load
from systemd.installed import Installed, units


def test_a_second_install_takes_the_firsts_place_only_when_asked(installed: Installed) -> None:
    app = installed.app
    installed.install()
    code, _, errors = installed.service("install", installed.name, "app:app", f"--port={app.port}")
    assert (code, len(errors.splitlines())) == (1, 1)
    assert "--replace" in errors
    app.write("two")
    with load(app.port) as clients:
        installed.install("--replace", "--description=another")
        assert app.version() == "two"
    assert clients.failures == []
    assert app.show("Description") == "another"


def test_a_replacement_that_does_not_start_leaves_the_old_one(installed: Installed) -> None:
    app = installed.app
    installed.install("--description=the old one")
    app.write("broken", "raise RuntimeError('no good')")
    before = units(app)
    (app.directory / "app.py").rename(app.directory / "broken.py")
    app.write("one")
    code, _, errors = installed.service(
        "install", installed.name, "broken:app", f"--port={app.port}", "--replace", "--on-demand", "--no-sandbox"
    )
    assert code == 0, errors  # on demand it is not started yet
    assert [path.name for path in app.manager.units.glob("*.wants/*")] == [app.socket_unit]
    code, _, errors = installed.service("install", installed.name, "broken:app", f"--port={app.port}", "--replace")
    assert code == 1
    assert "no good" in errors
    installed.install("--replace", "--description=the old one")
    assert units(app) == before
    assert [path.name for path in app.manager.units.glob("*.wants/*")] == [app.unit]
    code, _, errors = installed.service("install", installed.name, "broken:app", f"--port={app.port}", "--replace")
    assert code == 1
    assert errors.startswith(f"wesktop: {installed.name!r} did not start, and is as it was before: ")
    assert app.version() == "one"
    assert app.show("Description") == "the old one"
    assert app.show("UnitFileState") == "enabled"


def test_a_replacement_that_does_not_start_leaves_one_that_was_stopped_stopped(installed: Installed) -> None:
    app = installed.app
    installed.install()
    installed.ctl("stop", installed.name)
    app.write("two", "raise RuntimeError('no good')")
    code, _, errors = installed.service("install", installed.name, "app:app", f"--port={app.port}", "--replace")
    assert (code, "no good" in errors) == (1, True)
    assert "serving app:app" not in errors  # what was printed by the one before is no news
    assert app.show("ActiveState") == "inactive"
    assert app.show("UnitFileState") == "enabled"
