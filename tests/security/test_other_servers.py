"""The guard by itself, round an app that another server serves."""

from collections.abc import Iterator

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from support.other_servers import SERVERS, serving
from wesktopd.guard.security_headers import HEADERS

SOURCE = """
from wesktop.asgi import HTMLResponse, Router, create_app
from wesktopd.guard.middleware import Guard

router = Router()

@router.get("/")
async def home(_request):
    return HTMLResponse("<p>reached")

@router.websocket("/ws")
async def socket(socket):
    await socket.accept()
    await socket.send("reached")

app = Guard(create_app(router), port=PORT)
"""


@pytest.fixture(scope="module", params=SERVERS)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(request.param, tmp_path_factory.mktemp(request.param), SOURCE) as url:
        yield url


def test_its_own_pages_are_answered_with_the_headers(url: str) -> None:
    answer = httpx.get(url, headers={"Origin": url, "Sec-Fetch-Site": "same-origin"})
    assert (answer.status_code, answer.text) == (200, "<p>reached")
    for name, value in HEADERS:
        assert answer.headers[name.decode()] == value.decode()
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    with connect(f"{url.replace('http', 'ws')}/ws", origin=Origin(url)) as socket:
        assert socket.recv() == "reached"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_others_are_refused(url: str, headers: dict[str, str], status: int) -> None:
    answer = httpx.get(url, headers=headers)
    assert (answer.status_code, "reached" in answer.text) == (status, False)


def test_a_websocket_of_another_origin_is_refused(url: str) -> None:
    address = f"{url.replace('http', 'ws')}/ws"
    with pytest.raises(InvalidStatus, match="403"), connect(address, origin=Origin("http://evil.example")):
        pass
