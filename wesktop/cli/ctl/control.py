"""The verbs that do something: `start`, `stop`, `restart`, `scale`, `open`, `emit`, `upgrade`, `wait`, `token`."""

import contextlib

import click

from wesktop.cli.output import app_argument, chosen, json_option, show_done, show_secret, timeout_option


@click.command()
@click.argument("name")
@json_option
def start(name: str, as_json: bool) -> None:
    """Start an app that has run before, in the background.

    It is started from its config file, which `wesktop ctl config NAME` shows; by the system, where it is a service of
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
    """Stop an app gracefully, and wait until it is gone."""
    from wesktopd import client

    name = chosen(name)
    client.stop(name, timeout)
    show_done(name, "stopped", as_json=as_json)


@click.command()
@app_argument
@timeout_option(None, "Give up waiting after so long.  [default: when the app does]")
@json_option
def restart(name: str | None, timeout: float | None, as_json: bool) -> None:
    """Serve new code without losing a request.

    Where the new code does not start, the old one goes on, and the reason is shown.
    """
    from wesktopd import client

    name = chosen(name)
    show_done(name, client.restart(name, timeout) or "restarted", as_json=as_json)


@click.command(options_metavar="[OPTIONS]")
@click.argument("arguments", nargs=-1, required=True, metavar="[NAME] N")
@json_option
def scale(arguments: tuple[str, ...], as_json: bool) -> None:
    """Run N workers, and wait until they serve."""
    from wesktopd import client

    *names, wanted = arguments
    if len(names) > 1:
        raise click.UsageError(f"{len(arguments)} arguments are too many: give [NAME] N.")
    workers = _number(wanted)
    name = chosen(names[0] if names else None)
    show_done(name, client.scale(name, workers) or f"{workers} workers", as_json=as_json)


def _number(text: str) -> int:
    from wesktopd.options import BY_NAME

    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise click.UsageError(f"{text!r} is no number of workers.")
    BY_NAME["workers"].check(int(text))
    return int(text)


@click.command()
@app_argument
@json_option
def upgrade(name: str | None, as_json: bool) -> None:
    """Have the installed version take over from an app's supervisor."""
    from wesktopd import client

    name = chosen(name)
    show_done(name, client.upgrade(name) or "upgraded", as_json=as_json)


@click.command()
@app_argument
@click.option("--ready/--stopped", default=True, help="What to wait for.  [default: ready]")
@timeout_option(60.0, "Give up after so long; 0 looks once.")
@json_option
def wait(name: str | None, ready: bool, timeout: float, as_json: bool) -> None:
    """Wait until an app answers requests, also one that is not running yet; or until it is gone."""
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
@click.option("--browser", is_flag=True, help="Open it in the browser instead, and wait until that is done.")
@click.option("--path", help="Open a further window, or the browser, at this path of the app.")
@click.option("--print-link", is_flag=True, help="Print a link that lets one browser in, once and within 30 seconds.")
@json_option
def open_app(name: str | None, browser: bool, path: str | None, print_link: bool, as_json: bool) -> None:
    """Bring an app's window to the front, or open one where it has none; with --path, open another.

    A service of yours that does not run is started.
    """
    from wesktop.services.this_system import start_service
    from wesktopd import client
    from wesktopd.errors import ConfigurationError
    from wesktopd.system import relied_on

    if browser and print_link:
        raise click.UsageError("--browser and --print-link exclude each other: give one of them.")
    name = chosen(name)
    if relied_on() is not None and not print_link:
        raise ConfigurationError(f"{name!r} is another user's: open it as that user, or give --print-link.")
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
    """Print the token that lets scripts in: `Authorization: Bearer TOKEN`.

    It is the same, and good, until the app ends.
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

    A JSON string is sent as its text, anything else as JSON, as `Broadcaster.broadcast` does. Which events the
    broadcaster knows is not looked at.
    """
    from wesktopd import client

    if not 2 <= len(arguments) <= 3:
        raise click.UsageError(f"{' '.join(arguments)!r} is not of the form [NAME] EVENT JSON.")
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
        raise click.UsageError(f"{text!r} is no JSON: {error}. A text is in quotes: '\"text\"'.") from None
    return value if isinstance(value, str) else text
