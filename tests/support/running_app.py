"""The app under test: VERSION is what a test changes, and files in its directory make it misbehave."""

SOURCE = """
import asyncio, contextlib, os, signal, sys, time
from pathlib import Path
import wesktop

VERSION = {version!r}
MEMORY = []
router = wesktop.Router()

@router.get("/")
async def index(request):
    MEMORY.append(1)
    return {{"version": VERSION, "pid": os.getpid(), "served": len(MEMORY)}}

@router.get("/slow")
async def slow(request):
    Path("slow").touch()
    await asyncio.sleep(1)
    return {{"version": VERSION, "pid": os.getpid()}}

@router.get("/held")
async def held(request):
    Path("held").touch()
    print("first half,", end=" ", flush=True)
    while not Path("go").exists():
        await asyncio.sleep(0.01)
    print("second half")
    return "held to the end"

@router.get("/block")
async def block(request):
    blocks_the_loop()

def blocks_the_loop():
    Path("blocked").touch()
    time.sleep(600)

@router.get("/grow")
async def grow(request):
    MEMORY.append(bytearray(os.urandom(1)) * (100 * 1024 * 1024))
    return {{"pid": os.getpid()}}

@router.get("/die")
async def die(request):
    os._exit(7)

@router.get("/stream")
async def stream(request):
    async def beats():
        while True:
            yield f"data: {{VERSION}}\\n\\n"
            await asyncio.sleep(0.02)
    return wesktop.StreamResponse(beats(), "text/event-stream")

async def socket(scope, receive, send):
    await receive()
    await send({{"type": "websocket.accept"}})
    while (message := await receive())["type"] == "websocket.receive":
        await send({{"type": "websocket.send", "text": f"{{VERSION}} {{message['text']}}"}})

wesktop.add_ws_route("/socket", socket)

@contextlib.asynccontextmanager
async def lifespan(app):
    Path("starting").touch()
    while Path("wait").exists():
        await asyncio.sleep(0.01)
    if Path("deaf").exists():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    yield
    while Path("stay").exists():
        await asyncio.sleep(0.01)

while Path("block import").exists():
    time.sleep(0.01)
{more}
app = wesktop.create_app(router, lifespan=lifespan)
"""


def source(version: str, more: str = "") -> str:
    """The module's text; `more` is run when it is imported."""
    return SOURCE.format(version=version, more=more)
