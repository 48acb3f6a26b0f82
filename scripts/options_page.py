"""Writes docs/options.md from the declarations of the options: `.venv/bin/python scripts/options_page.py`."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from wesktop.options import NAME, START_OPTIONS
from wesktop.window.opening.declarations import WINDOW_OPTIONS
from wesktopd.options import RUN, SERVE, SERVER_OPTIONS, Option

PAGE = Path(__file__).parents[1] / "docs" / "options.md"

HEAD = """# Options of `run()` and `serve()`

Each option is a keyword of `wesktop.run()`, of `wesktop.serve()`, or of both, and mostly also an option of
`wesktop run` and `wesktop serve`. Those of the server are also keys of an app's config file, and options of
`wesktop service install`. On the command line and in a config file, 0 stands for None where the option is a number.
This page is made from the declarations in the code.
"""


def page() -> str:
    """Return the text of the page."""
    sections = (
        ("The server", SERVER_OPTIONS),
        ("The start", (NAME, *START_OPTIONS)),
        ("The window", WINDOW_OPTIONS),
    )
    return "\n".join([HEAD, *(line for title, options in sections for line in section(title, options))])


def section(title: str, options: Iterable[Option]) -> Iterator[str]:
    """Yield the lines of one table."""
    yield f"## {title}\n"
    yield "| option | command line | default | |"
    yield "|---|---|---|---|"
    for option in options:
        text = option.sentence.replace("|", "\\|")
        if option.range:
            text += f" {option.range[0].upper()}{option.range[1:]}."
        if option.none is not None:
            text += f" None: {option.none}."
        yield f"| `{option.name}` | {flags(option)} | {defaults(option)} | {text} |"
    yield ""


def flags(option: Option) -> str:
    """Return how the option is written on the command line."""
    if option.flag is None:
        return ""
    if option.kind is bool and option.default:
        return f"`{option.flag}`, `--no-{option.flag.removeprefix('--')}`"
    return f"`{option.flag}`"


def defaults(option: Option) -> str:
    """Return the default, or both where the functions differ, and which function has the option if only one does."""
    if option.functions == (RUN, SERVE):
        if option.default == option.serve_default:
            return f"`{option.default!r}`"
        return f"`{option.default!r}`; `serve`: `{option.serve_default!r}`"
    (function,) = option.functions
    return f"`{option.default!r}`; `{function}` only"


if __name__ == "__main__":
    PAGE.write_text(page())
