"""The app that is soaked. Its directory has `blob.bin`, and gets `lifespans`: who began, who ended in good order."""

import asyncio
import contextlib
import hashlib
import os
import threading
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import wesktop
from wesktop.asgi import FileResponse, Request

MAX_SLEEP = 1000  # milliseconds
PID = os.getpid()
HERE = Path(__file__).parent

router = wesktop.Router()
events = wesktop.Broadcaster(history=1000)  # filled before the supervisor's memory is looked at for the first time
events.register_event("tick")
router.add_route("GET", "/events", wesktop.sse_route(events))


@router.get("/")
async def index(request: Request) -> dict[str, int]:
    """Return at once."""
    return {"pid": PID}


@router.get("/sleep/{milliseconds:int}")
async def sleep(request: Request) -> dict[str, int]:
    """Take a while."""
    await asyncio.sleep(min(request.path_params["milliseconds"], MAX_SLEEP) / 1000)
    return {"pid": PID}


@router.get("/blob")
async def blob(request: Request) -> FileResponse:
    """Send the file, or a range of it."""
    return FileResponse(HERE / "blob.bin", headers={"x-pid": str(PID)})


@router.post("/upload", stream=True)
async def upload(request: Request) -> dict[str, Any]:
    """Return the checksum of the body."""
    digest = hashlib.sha256()
    async for chunk in request.stream():
        digest.update(chunk)
    return {"pid": PID, "sha256": digest.hexdigest()}


@router.post("/tick")
async def tick(request: Request) -> dict[str, int]:
    """Send an event to all pages, and print a line."""
    events.broadcast("tick", request.json)
    print(f"tick {request.json}", flush=True)
    return {"pid": PID}


@router.get("/inside")
async def inside(request: Request) -> dict[str, Any]:
    """Tell what this worker holds."""
    names = Counter(getattr(task.get_coro(), "__qualname__", "?") for task in asyncio.all_tasks())
    return {"pid": PID, "tasks": names, "threads": threading.active_count(), "pages": events.client_count}


@router.websocket("/socket")
async def socket(socket: wesktop.asgi.WebSocket) -> None:
    """Repeat every message."""
    await socket.accept()
    async for message in socket:
        await socket.send(f"{message!s} {PID}")


def note(what: str) -> None:
    """Add a line to `lifespans`, whole."""
    with (HERE / "lifespans").open("a") as file:
        file.write(f"{what} {PID}\n")


@contextlib.asynccontextmanager
async def lifespan(app: object) -> AsyncIterator[None]:
    """Note the beginning and the end of this worker."""
    note("began")
    yield
    note("ended")


app = wesktop.create_app(router, lifespan=lifespan)
