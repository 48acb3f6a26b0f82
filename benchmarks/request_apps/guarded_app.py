"""The same on wesktop, with the guard that `serve()` puts round it."""

import os

import wesktop_app

from wesktopd.guard.middleware import Guard

app = Guard(wesktop_app.app, name="bench", port=int(os.environ.get("BENCH_PORT", "8000"))).dispatch
