"""The options of `wesktop run`, `wesktop serve` and `wesktop service install`, made from their declarations."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from wesktop.options import options_of
from wesktopd.options import RUN, Option

Decorator = Callable[[Any], Any]

# The command line's default, where it differs from the function's.
_DEFAULTS = {"name": "TARGET's module", "title": "the app's name"}


def with_options(options: Iterable[Decorator]) -> Decorator:
    """Return a decorator that gives a command these options, shown in this order."""

    def decorate(command: Any) -> Any:
        for option in reversed([*options]):
            command = option(command)
        return command

    return decorate


def command_line_options(function: str, leave_out: Iterable[str] = ()) -> list[Decorator]:
    """Return the options of "run" or "serve" that are on the command line."""
    return [
        _click_option(option, option.default if function == RUN else option.serve_default)
        for option in options_of(function)
        if option.flag is not None and option.name not in leave_out
    ]


def _click_option(option: Option, default: Any) -> Decorator:
    flag, text = option.flag, option.sentence
    assert flag is not None
    if option.name in _DEFAULTS:
        return click.option(flag, option.name, help=f"{text}  [default: {_DEFAULTS[option.name]}]")
    if option.kind is bool:
        return _flag(option, flag, default)
    if option.kind is list:
        return click.option(flag, option.name, multiple=True, metavar=option.metavar, help=f"{text} May be repeated.")
    if option.is_limit:
        return click.option(
            *(flag, option.name),
            type=float,
            default=default or 0,
            callback=_none_if_zero,
            metavar=option.metavar or "SECONDS",
            help=f"{text}  [default: {f'{default:g}; ' if default else ''}0 = {option.none}]",
        )
    kinds: dict[type, Any] = {Path: click.Path(path_type=Path), float: float, int: int}
    kind = click.Choice(option.choices) if option.choices else kinds.get(option.kind, str)
    if option.none is not None:
        hint = f"{text}  [default: {option.none}]"
        return click.option(flag, option.name, type=kind, metavar=option.metavar, help=hint)
    metavar = "SECONDS" if option.unit == "seconds" else option.metavar
    return click.option(flag, option.name, type=kind, default=default, show_default=True, metavar=metavar, help=text)


def _flag(option: Option, flag: str, default: bool) -> Decorator:
    """One that may be on by default can be switched off."""
    if not option.default:
        return click.option(flag, option.name, is_flag=True, help=option.sentence)
    off = f"no-{flag.removeprefix('--')}"
    hint = f"{option.sentence}  [default: {flag.removeprefix('--') if default else off}]"
    return click.option(f"{flag}/--{off}", option.name, default=default, help=hint)


def _none_if_zero(_: click.Context, __: click.Parameter, value: float) -> float | None:
    return value or None
