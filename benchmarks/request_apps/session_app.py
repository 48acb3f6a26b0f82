"""The same on wesktop, with the guard and the session that `run()` puts round it."""

import os

import wesktop_app

from wesktopd.guard.session import Access, Session
from wesktopd.guard.middleware import Guard

PORT = int(os.environ.get("BENCH_PORT", "8000"))
app = Guard(
    wesktop_app.app, name="bench", port=PORT, session=Session(Access(cookie="c" * 64, bearer="b" * 64), "bench", PORT)
).dispatch
