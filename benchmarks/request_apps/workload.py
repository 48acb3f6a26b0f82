"""The responses that every app gives."""

import os

STATIC = os.environ["BENCH_STATIC"]
HELLO = "Hello, World!"
SMALL = {"message": HELLO, "ok": True, "n": 42}
OTHERS = [f"/res{number}/{{id}}/sub/{{name}}" for number in range(100)]  # routes that are there, and not asked for
