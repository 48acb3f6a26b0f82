"""The verbs that act: `start`, `stop`, `restart`, `scale`, `open`, `emit`, `upgrade`, `wait`, `token`."""

import contextlib

import click

from wesktop.cli.output import app_argument, chosen, json_option, show_done, show_secret, timeout_option


@click.command()
@click.argument("name")
@json_option
def start(name: str, as_json: bool) -> None:
    """Start an app that has run before, in the background.

    It is started from its config file, which `wesktop ctl config NAME` shows, or by the system if it is a service of
    yours.
    """
    from wesktop.services.this_system import start_service
    from wesktopd import client, configs
    from wesktopd.daemonize import start_detached
    from wesktopd.errors import AlreadyRunningError

    if not client.is_free(name):
        raise AlreadyRunningError(f"{name!r} is running already.")
    url = client.status(name).url if start_service(name) else start_detached(configs.load(name))
    show_done(name, f"running on {url}", as_json=as_json, url=url)


@click.command()
@app_argument
@timeout_option(30.0, "Give up after so long.")
@json_option
def stop(name: str | None, timeout: float, as_json: bool) -> None:
    """Stop an app gracefully, and wait until it has ended."""
    from wesktopd import client

    name = chosen(name)
    client.stop(name, timeout)
    show_done(name, "stopped", as_json=as_json)


@click.command()
@app_argument
@timeout_option(None, "Stop waiting after so long.  [default: when the app gives up]")
@json_option
def restart(name: str | None, timeout: float | None, as_json: bool) -> None:
    """Load new code without losing a request.

    If the new code does not start, the old code keeps serving, and the reason is shown.
    """
    from wesktopd import client

    name = chosen(name)
    show_done(name, client.restart(name, timeout) or "restarted", as_json=as_json)


@click.command(options_metavar="[OPTIONS]")
@click.argument("arguments", nargs=-1, required=True, metavar="[NAME] N")
@json_option
def scale(arguments: tuple[str, ...], as_json: bool) -> None:
    """Set the number of workers to N, and wait until they serve."""
    from wesktopd import client

    *names, wanted = arguments
    if len(names) > 1:
        raise click.UsageError(f"arguments must be [NAME] N, not {' '.join(arguments)!r}.")
    workers = _number(wanted)
    name = chosen(names[0] if names else None)
    show_done(name, client.scale(name, workers) or f"{workers} workers", as_json=as_json)


def _number(text: str) -> int:
    from wesktopd.options import BY_NAME

    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise click.UsageError(f"number of workers must be a whole number, not {text!r}.")
    BY_NAME["workers"].check(int(text))
    return int(text)


@click.command()
@app_argument
@json_option
def upgrade(name: str | None, as_json: bool) -> None:
    """Replace an app's supervisor by one of the installed version."""
    from wesktopd import client

    name = chosen(name)
    show_done(name, client.upgrade(name) or "upgraded", as_json=as_json)


@click.command()
@app_argument
@click.option("--ready/--stopped", default=True, help="What to wait for.  [default: ready]")
@timeout_option(60.0, "Give up after so long; 0 checks once.")
@json_option
def wait(name: str | None, ready: bool, timeout: float, as_json: bool) -> None:
    """Wait until an app, which need not be running yet, answers requests; or until it has ended."""
    from wesktopd import client

    name = chosen(name)
    if not ready:
        client.wait_stopped(name, timeout)
    elif timeout:
        client.wait_ready(name, timeout)
    else:
        _look_once(name)
    show_done(name, "ready" if ready else "stopped", as_json=as_json)


def _look_once(name: str) -> None:
    from wesktopd import client
    from wesktopd.errors import NotRunningError

    if not any(worker.state == "ready" for worker in client.status(name).workers):
        raise NotRunningError(f"{name!r} is not ready.")


@click.command("open")
@app_argument
@click.option(
    "--browser", is_flag=True, help="Open it in the browser instead, and wait until the browser has logged in."
)
@click.option("--path", help="Open another window, or the browser, at this path of the app.")
@click.option("--print-link", is_flag=True, help="Print a login link, valid once and for 30 seconds.")
@json_option
def open_app(name: str | None, browser: bool, path: str | None, print_link: bool, as_json: bool) -> None:
    """Bring an app's window to the front, or open one if it has none; with --path, open another.

    A service of yours that is not running is started.
    """
    from wesktop.services.this_system import start_service
    from wesktopd import client
    from wesktopd.errors import ConfigurationError
    from wesktopd.system import relied_on

    if browser and print_link:
        raise click.UsageError("--browser and --print-link exclude each other: give one of them.")
    name = chosen(name)
    if relied_on() is not None and not print_link:
        raise ConfigurationError(f"{name!r} belongs to another user: open it as that user, or give --print-link.")
    if name not in client.running():
        start_service(name)
    if print_link:
        show_secret(name, "url", client.link(name, path or "/"), as_json=as_json)
        return
    if browser:
        from wesktop.cli.ctl.browser import open_in_browser

        open_in_browser(name, path or "/")
        show_done(name, "it is open in the browser", as_json=as_json)
        return
    turn = client.show(name, shares=True) if path is None else None
    focused = path is None and turn is None
    if not focused:
        from wesktop.window.opening.open_window import open_window

        with turn or contextlib.nullcontext():
            open_window("/" if path is None else path, name=name)
    show_done(name, "its window is in front" if focused else "a window is open", as_json=as_json)


@click.command()
@app_argument
@json_option
def token(name: str | None, as_json: bool) -> None:
    """Print the token with which scripts authenticate: `Authorization: Bearer TOKEN`.

    It is valid until the app ends.
    """
    from wesktopd import client

    name = chosen(name)
    show_secret(name, "token", client.bearer(name), as_json=as_json)


@click.command(options_metavar="[OPTIONS]")
@click.argument("arguments", nargs=-1, required=True, metavar="[NAME] EVENT JSON")
@click.option("--channel", default="events", show_default=True, help="The broadcaster's name.")
@json_option
def emit(arguments: tuple[str, ...], channel: str, as_json: bool) -> None:
    """Send an event to an app's pages.

    A JSON string is sent as its text, anything else as JSON, as by `Broadcaster.broadcast`. The event's name is not
    checked against those of the broadcaster.
    """
    from wesktopd import client

    if not 2 <= len(arguments) <= 3:
        raise click.UsageError(f"arguments must be [NAME] EVENT JSON, not {' '.join(arguments)!r}.")
    *names, event, data = arguments
    text = _event_data(data)
    name = chosen(names[0] if names else None)
    client.emit(name, event, text, channel)
    show_done(name, f"{event} is sent", as_json=as_json)


def _event_data(text: str) -> str:
    import msgspec

    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise click.UsageError(f"event data must be JSON, not {text!r}: {error}. Quote a text: '\"text\"'.") from None
    return value if isinstance(value, str) else text
