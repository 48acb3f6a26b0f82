"""Tasks that run on after the request that began them, such as one of `asyncio.create_task` in a handler.

They are recognised by when they began: later than the app's startup. What a lifespan begins, it ends itself.
"""

import asyncio
from pathlib import Path
from weakref import WeakSet

OURS = ("granian", "wesktop", "wesktopd")
WORK = "wesktop.asgi.background"  # the module that runs an app's functions after the response
MAX_NAMED = 5  # tasks that are named in a warning


class BackgroundTasks:
    """The tasks of the running loop that the app has begun since `started`."""

    def __init__(self) -> None:
        self._known: WeakSet[asyncio.Task[object]] = WeakSet()

    def started(self) -> None:
        """Leave out the tasks that there are now."""
        self._known.update(asyncio.all_tasks())

    def running(self) -> "set[asyncio.Task[object]]":
        """Return those that have not ended."""
        return {task for task in asyncio.all_tasks() if task not in self._known and not _is_ours(task)}

    async def ended(self) -> None:
        """Wait until all have ended, also those that are begun meanwhile."""
        while running := self.running():
            await asyncio.wait(running)

    def cancel(self) -> list[str]:
        """Cancel those that have not ended, and return their names."""
        running = self.running()
        names = sorted(map(describe, running))
        for task in running:
            task.cancel()
        return names


def _is_ours(task: "asyncio.Task[object]") -> bool:
    """Return whether a task is of the server or this library: such as one that serves a request."""
    frame = getattr(task.get_coro(), "cr_frame", None)
    module = "" if frame is None else frame.f_globals.get("__name__", "")
    return module.partition(".")[0] in OURS and module != WORK


def describe(task: "asyncio.Task[object]") -> str:
    """Return the name that a task was given, or its coroutine's and where that is, as in "poll (app.py:12)"."""
    if not task.get_name().startswith("Task-"):
        return task.get_name()
    coroutine = task.get_coro()
    name = getattr(coroutine, "__qualname__", None) or task.get_name()
    frame = getattr(coroutine, "cr_frame", None)
    return name if frame is None else f"{name} ({Path(frame.f_code.co_filename).name}:{frame.f_lineno})"


def cut_off(names: list[str], seconds: float, drain_timeout: float) -> str:
    """Return the warning about tasks that were cut off."""
    count = len(names)
    what = "1 background task was" if count == 1 else f"{count} background tasks were"
    more = ", ..." if count > MAX_NAMED else ""
    return (
        f"{what} cut off, still running {seconds:g} seconds after the stop began (drain_timeout {drain_timeout:g}): "
        f"{', '.join(names[:MAX_NAMED])}{more}"
    )
