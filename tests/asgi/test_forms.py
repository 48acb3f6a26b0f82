"""Forms, urlencoded and multipart."""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from asgi.memory import Answer, body_messages, request
from wesktop.asgi import Request, Router, create_app
from wesktop.asgi.receiving.forms import MAX_FIELD_SIZE, MAX_IN_MEMORY, MAX_PART_HEADERS, Form, Upload, read_form
from wesktop.asgi.types import ASGIApp


def described(name: str, file: Upload) -> list[Any]:
    return [name, file.name, file.content_type, file.read().decode(), file.size]


def form_app(**options: Any) -> ASGIApp:
    router = Router()

    async def echo(request: Request) -> dict[str, Any]:
        with await request.form() as form:
            assert await request.form() is form, "read once"
            files = [
                [name, file.name, file.content_type, file.read().decode(), file.size] for name, file in form.files
            ]
            return {"fields": form.fields, "files": files}

    router.post("/")(echo)
    router.post("/stream", stream=True)(echo)
    return create_app(router, **options)


def post(app: ASGIApp, path: str, chunk: int = 7, **content: Any) -> Answer:
    """Post what httpx makes of a form, in chunks."""
    made = httpx.Request("POST", "http://testserver/", **content)
    body = made.read()
    pieces = [body[start : start + chunk] for start in range(0, len(body), chunk)] or [b""]
    headers = [(name, value) for name, value in made.headers.items() if name.startswith("content-")]
    return request(app, "POST", path, headers, messages=body_messages(*pieces))


@pytest.mark.parametrize("path", ["/", "/stream"])
def test_an_urlencoded_form_is_read_in_order(path: str) -> None:
    answer = post(form_app(), path, data={"a": ["1", "ü&="], "b": ""})
    assert answer.json == {"fields": [["a", "1"], ["a", "ü&="], ["b", ""]], "files": []}


@pytest.mark.parametrize("path", ["/", "/stream"])
@pytest.mark.parametrize("chunk", [1, 7, 10_000])
def test_a_multipart_form_has_fields_and_files(path: str, chunk: int) -> None:
    files = [("f", ("größe.txt", b"one", "text/plain")), ("f", ("b", b"")), ("g", ("c.bin", b"\r\n--x\r\n"))]
    answer = post(form_app(), path, chunk, data={"a": "1", "b": "ü"}, files=files)
    assert answer.json == {
        "fields": [["a", "1"], ["b", "ü"]],
        "files": [
            ["f", "größe.txt", "text/plain", "one", 3],
            ["f", "b", "application/octet-stream", "", 0],
            ["g", "c.bin", "application/octet-stream", "\r\n--x\r\n", 7],
        ],
    }


def test_a_large_file_is_on_disk_until_the_form_is_closed() -> None:
    body = os.urandom(MAX_IN_MEMORY + 1)
    made = httpx.Request("POST", "http://x/", files={"f": ("f", body)})

    async def chunks() -> AsyncIterator[bytes]:
        data = made.read()
        for start in range(0, len(data), 65536):
            yield data[start : start + 65536]

    async def scenario() -> Form:
        return await read_form(made.headers["content-type"], chunks(), 10)

    form = asyncio.run(scenario())
    file = form.file("f")
    assert file is not None
    assert file.size == len(body)
    assert isinstance(file.file.fileno(), int), "a file of the system's"
    assert file.read() == body
    form.close()
    assert file.file.closed


def test_what_is_found_by_name() -> None:
    form = Form()
    form.fields = [("a", "1"), ("a", "2")]
    assert (form.get("a"), form.get("b"), form.get("b", "x"), form.get_list("a")) == ("1", None, "x", ["1", "2"])
    assert (form.file("a"), form.file_list("a")) == (None, [])


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b"{}", 415),
        ("", b"", 415),
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=b", b"no boundary", 400),
        ("multipart/form-data; boundary=b", b"--b\r\n", 400),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n", 400),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx', 400),
        ("multipart/form-data; boundary=" + "b" * 300, b"x", 400),
        ('multipart/form-data; boundary="' + ";" * 60_000 + '"', b"x", 400),
        ("multipart/form-data; boundary=b", b"--b\r\nX: " + b"y" * 10_000_000 + b"\r\n\r\n", 400),
        ("application/x-www-form-urlencoded", b"\xff\xfe", 400),
        ("application/x-www-form-urlencoded", b"&".join(b"a=%d" % n for n in range(20)), 413),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n' * 20 + b"--b--\r\n",
            413,
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + bytes(MAX_FIELD_SIZE + 1) + b"\r\n--b--\r\n",
            413,
        ),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\n" + b"".join(b"x%d: 1\r\n" % n for n in range(100_000)) + b"\r\n",
            400,
        ),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\n"
            + b"".join(b"x-%d: %s\r\n" % (n, b"y" * (MAX_PART_HEADERS // 3)) for n in range(3))
            + b'Content-Disposition: form-data; name="a"\r\n\r\nx\r\n--b--\r\n',
            413,
        ),
    ],
)
@pytest.mark.parametrize("path", ["/", "/stream"])
def test_what_is_no_form_is_refused(content_type: str, body: bytes, status: int, path: str) -> None:
    headers = [("content-type", content_type), ("content-length", str(len(body)))]
    answer = request(form_app(max_form_parts=10), "POST", path, headers, messages=body_messages(body))
    assert answer.status == status, answer.text
    assert answer.json["error"]


def test_a_parts_headers_have_what_is_promised() -> None:
    headers = b"".join(b"x%d: 1\r\n" % n for n in range(98)) + b"x: " + b"y" * 6000 + b"\r\n"
    body = b"--b\r\n" + headers + b'Content-Disposition: form-data; name="a"\r\n\r\nx\r\n--b--\r\n'
    content = [("content-type", "multipart/form-data; boundary=b"), ("content-length", str(len(body)))]
    assert request(form_app(), "POST", "/", content, messages=body_messages(body)).status == 200
