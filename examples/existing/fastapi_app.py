"""A FastAPI app, with its interactive documentation at /docs, which comes from a CDN (`pip install fastapi`)."""

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

import wesktop

app = FastAPI()
app.mount("/static", StaticFiles(directory="static"))


@app.get("/", response_class=HTMLResponse)
async def index() -> str:
    return """<!doctype html><title>FastAPI</title><link rel="stylesheet" href="/static/style.css">
<h1>Hello from FastAPI</h1><a href="/docs">The API</a>"""


@app.get("/notes/{number}")
async def note(number: int) -> dict[str, int]:
    return {"note": number}


if __name__ == "__main__":
    cdn = "https://cdn.jsdelivr.net"
    csp = {"script-src": [cdn], "style-src": [cdn], "img-src": ["https://fastapi.tiangolo.com"]}
    wesktop.run("fastapi_app:app", title="FastAPI", port=0, csp=csp)
