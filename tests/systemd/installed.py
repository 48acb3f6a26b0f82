"""An app that `wesktop service` has installed under a real systemd."""

from pathlib import Path

from support.systemd import Service

NAME = "hello"


class Installed:
    """The app as a service that the command has installed."""

    def __init__(self, app: Service) -> None:
        self.app = app
        self.name = f"{NAME}-{app.home.name}"  # a control group of its own
        app.unit = f"wesktop-{self.name}.service"
        app.socket_unit = f"wesktop-{self.name}.socket"
        app.write("one")
        (app.home / "state").mkdir()

    def service(self, verb: str, *arguments: str) -> "tuple[int, str, str]":
        """Run a verb in the app's directory: its exit code, output and errors."""
        command = ["sh", "-c", 'cd "$0" && exec "$@"', str(self.app.directory), "wesktop", "service", verb]
        done = self.app.manager.run(*command, *arguments)
        return done.returncode, done.stdout, done.stderr

    def install(self, *options: str) -> str:
        """Install it; the output."""
        code, said, errors = self.service("install", self.name, "app:app", f"--port={self.app.port}", *options)
        assert (code, errors) == (0, ""), errors
        return said

    def ctl(self, *arguments: str) -> str:
        """The output of a verb of `wesktop ctl` that succeeds."""
        return self.app.ctl(*arguments)


def tree(home: Path) -> set[str]:
    """All files that are there, but what the manager itself and Python keep."""
    found = {str(path.relative_to(home)) for path in home.rglob("*")}
    return {path for path in found if not path.startswith(("run/", "myapp/", "manager.log", "boot.log"))}


def units(app: Service) -> list[str]:
    return sorted(path.name for path in app.manager.units.iterdir() if path.is_file())
