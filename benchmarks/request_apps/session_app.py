"""The same on wesktop, with the guard and the session that `run()` puts round it."""

import os

import wesktop_app

from wesktopd.guard.middleware import Guard
from wesktopd.guard.session import SessionCheck, SessionSecrets

PORT = int(os.environ.get("BENCH_PORT", "8000"))
app = Guard(
    wesktop_app.app,
    name="bench",
    port=PORT,
    session=SessionCheck(SessionSecrets(cookie="c" * 64, bearer="b" * 64), "bench", PORT),
).dispatch
