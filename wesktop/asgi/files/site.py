"""The files of an app: assets, the site that a build wrote, and the page of a single-page app."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from wesktop.asgi.files.missing import MissingAssets
from wesktop.asgi.files.single_page import SinglePage, Unbuilt
from wesktop.asgi.files.static import StaticFiles
from wesktop.asgi.responses import Response
from wesktop.asgi.routing.router import Router
from wesktop.asgi.types import Scope

Answer = Callable[[Scope, str], Response | None]
"""Responds to a request without a route, by its scope and path; None passes it on to the next one."""

AnyPath = str | os.PathLike[str]


def site(
    router: Router,
    missing: MissingAssets,
    static_dir: AnyPath | None,
    static_path: str,
    spa_fallback: AnyPath | None,
    *,
    build_command: str | None,
    cache_size: int,
    dotfiles: bool,
) -> Iterator[Answer]:
    """Yield what answers, in order; parameters and errors as of `create_app`."""
    must_exist = build_command is None
    if static_dir is not None:
        for prefix, directory in mounts(static_dir, static_path, spa_fallback).items():
            yield StaticFiles(
                directory, prefix, cache_size=cache_size, dotfiles=dotfiles, must_exist=must_exist
            ).answer
        yield missing.answer
    if spa_fallback is not None:
        yield SinglePage(spa_fallback, router, must_exist=must_exist).answer
    if static_dir is not None and build_command is not None:
        yield Unbuilt(static_dir, build_command).answer


def mounts(static_dir: AnyPath, static_path: str, spa_fallback: AnyPath | None) -> dict[str, AnyPath]:
    """Return the directories to serve, by prefix: also the one of a page within *static_dir*, at "/".

    There the page finds what its build put next to it, such as `favicon.svg`, and its assets in a subdirectory. A
    page elsewhere may have private files next to it.
    """
    found: dict[str, AnyPath] = {static_path: static_dir}
    if isinstance(spa_fallback, str | os.PathLike) and isinstance(static_dir, str | os.PathLike):
        beside = Path(os.path.abspath(spa_fallback)).parent  # noqa: PTH100  without following links
        if beside.is_relative_to(os.path.abspath(static_dir)):  # noqa: PTH100
            found.setdefault("/", beside)
    return found
