"""Pulse's page and its stream: all that it needs is there, and nothing of it comes from elsewhere."""

import asyncio
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from examples.pulse.app import STATIC, app, lifespan
from examples.pulse.processes import SORTS
from wesktop.asgi.types import Message, Scope
from wesktop.testing import TestClient

INDEX = (STATIC / "index.html").read_text()
TEXTS = sorted(path for path in STATIC.iterdir() if path.suffix in {".html", ".css", ".js", ".svg"})
NAMESPACE = "http://www.w3.org/2000/svg"  # a name, which is never fetched


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(INDEX)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def values(self, *names: str) -> list[str]:
        return [value for _, attrs in self.tags for name, value in attrs.items() if name in names and value]


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


def test_every_asset_of_the_page_is_served(client: TestClient) -> None:
    assets = Page().values("src", "href")
    assert len(assets) > 3
    for asset in assets:
        assert client.get(asset).status_code == 200, asset


def test_every_imported_module_is_served(client: TestClient) -> None:
    imported = {name for path in STATIC.glob("*.js") for name in re.findall(r'from "\./(.+?)"', path.read_text())}
    assert "chart.js" in imported
    for name in imported:
        answer = client.get(f"/assets/{name}")
        assert answer.status_code == 200
        assert "javascript" in answer.headers["content-type"]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_nothing_comes_from_the_network(path: Path) -> None:
    assert not re.search(r"https?://|@import|url\((?!#)", path.read_text().replace(NAMESPACE, ""))


def test_page_forbids_all_that_is_not_its_own_and_keeps_to_it(client: TestClient) -> None:
    page = Page()
    assert "default-src 'self'" in page.values("content")
    assert not [name for _, attrs in page.tags for name in attrs if name == "style" or name.startswith("on")]
    assert all(attrs.get("src") for tag, attrs in page.tags if tag == "script")
    assert client.get("/").text == INDEX


def test_every_element_that_a_script_looks_up_is_in_the_page() -> None:
    scripts = "".join(path.read_text() for path in STATIC.glob("*.js"))
    wanted = set(re.findall(r'(?:\$|getElementById)\("([\w-]+)"\)', scripts))
    assert len(wanted) > 20
    assert wanted <= set(Page().values("id"))


def test_headings_sort_by_the_columns_that_the_server_knows() -> None:
    assert Page().values("data-sort") == list(SORTS)


def test_script_and_style_sheet_agree_on_the_height_of_a_row() -> None:
    script, style = ((STATIC / name).read_text() for name in ("processes.js", "pulse.css"))
    (in_script,) = re.findall(r"const ROW = (\d+);", script)
    assert re.findall(r"^td \{ height: (\d+)px;", style, re.MULTILINE) == [in_script]


def test_splash_has_the_colour_of_the_page() -> None:
    start = (STATIC.parent / "__main__.py").read_text()
    (background,) = re.findall(r'background="(#\w+)"', start)
    assert f"--ground: {background};" in (STATIC / "pulse.css").read_text()


def test_icon_is_a_png_of_256_pixels() -> None:
    header = (STATIC / "icon.png").read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    assert header[16:24] == (256).to_bytes(4, "big") * 2


async def read_event(name: str) -> dict[str, Any]:
    """Open the event stream in memory, and leave it after the first event of this name."""
    received: asyncio.Queue[bytes] = asyncio.Queue()
    left = asyncio.Event()

    async def receive() -> Message:
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        received.put_nowait(message.get("body", b""))

    scope: Scope = {
        "type": "http", "method": "GET", "path": "/api/events", "raw_path": b"/api/events", "query_string": b"",
        "headers": [], "http_version": "1.1", "scheme": "http", "root_path": "", "asgi": {"version": "3.0"},
    }  # fmt: skip
    streaming = asyncio.ensure_future(app(scope, receive, send))
    stream = b""
    async with asyncio.timeout(10):
        while not (event := re.search(rb"event: %b\ndata: (.+)\n\n" % name.encode(), stream)):
            stream += await received.get()
        left.set()
        await streaming
    found: dict[str, Any] = json.loads(event[1])
    return found


def test_stream_delivers_samples_that_the_history_keeps(client: TestClient) -> None:
    async def first_sample() -> dict[str, Any]:
        async with lifespan(app):
            return await read_event("sample")

    sample = asyncio.run(first_sample())
    assert len(sample["cores"]) == client.get("/api/machine").json()["cores"]
    assert sample in client.get("/api/history").json()
