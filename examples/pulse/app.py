"""Pulse's routes."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from examples.pulse.ending import RefusedError, end
from examples.pulse.metrics import INTERVAL, Sample, Sampler, machine, new_history
from examples.pulse.processes import SORTS, Table, arrange
from wesktop import Broadcaster, JSONResponse, Request, Router, create_app, sse_route

STATIC = Path(__file__).parent / "static"

router = Router()
events = Broadcaster()
events.register_event("sample")
history: deque[Sample] = new_history()
table = Table()


async def watch() -> None:
    """Sample indefinitely: into the history, and to every page that listens."""
    sampler = Sampler()
    while True:
        await asyncio.sleep(INTERVAL)
        sample = sampler.sample()
        history.append(sample)
        events.broadcast("sample", sample)


@contextlib.asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    watching = asyncio.create_task(watch())
    yield
    watching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watching


def refusal(status: int, reason: str) -> JSONResponse:
    return JSONResponse({"error": reason}, status=status)


@router.get("/api/machine")
async def get_machine(_request: Request) -> JSONResponse:
    return JSONResponse(machine())


@router.get("/api/history")
async def get_history(_request: Request) -> JSONResponse:
    return JSONResponse(list(history))


@router.get("/api/processes")
async def get_processes(request: Request) -> JSONResponse:
    sort, order = request.query("sort", "cpu"), request.query("order")
    if sort not in SORTS:
        return refusal(400, f"sort must be one of {', '.join(SORTS)}, not {sort!r}.")
    if order not in (None, "asc", "desc"):
        return refusal(400, f"order {order!r} is neither asc nor desc.")
    return JSONResponse(arrange(await table.rows(), sort, None if order is None else order == "desc"))


@router.post("/api/processes/{pid}/end")
async def end_process(request: Request) -> JSONResponse:
    """The body is empty, or says which process of that PID is meant: {"started": seconds of the Unix epoch}."""
    try:
        pid = int(request.path_params["pid"])
    except ValueError:
        return refusal(404, f"{request.path_params['pid']!r} is not a process number.")
    body: Any = request.json or {}
    started = body.get("started") if isinstance(body, dict) else body
    if not isinstance(started, int | float | None):
        return refusal(400, "started is a number of seconds, or left out.")
    try:
        return JSONResponse(await end(pid, started))
    except RefusedError as error:
        return refusal(error.status, str(error))


router.add_route("GET", "/api/events", sse_route(events))

app = create_app(
    router,
    static_dir=STATIC,
    spa_fallback=STATIC / "index.html",
    lifespan=lifespan,
    name="pulse",
)
