"""Fuzz what reads others' bytes, with atheris: `make fuzz`, or `scripts/fuzz.py [--seconds 150] [TARGET ...]`.

Each target runs in a process of its own, as libFuzzer ends it, and fails by any unexpected exception. What is
found goes into the tests. The app layer's targets are here, the others' in fuzz_supervisor.py, fuzz_wire.py,
fuzz_guard.py and fuzz_strangers.py.
"""

import argparse
import asyncio
import logging
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from scripts import fuzz_guard, fuzz_strangers, fuzz_supervisor, fuzz_wire

TOO_LONG = 10  # seconds for one input: it hangs
FORM = "multipart/form-data; boundary=b"
SEEDS = {
    "paths": [
        b"/assets/file.txt",
        b"/assets/../secret",
        b"/assets/%2e%2e/x",
        b"\\\\host\\share",
        b"C:/x",
        b"\xff\x00",
    ],
    "queries": [b"a=1&b=2", b"a=%00&a=%ff", b"=&&=", b"a=nan&a=1e999", b"\xff"],
    "ranges": [b"bytes=0-1", b"bytes=-5", b"bytes=5-", b"bytes=0-1,2-3", b"bytes=9999999999999999999-"],
    "forms": [
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--b--\r\n',
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\nContent-Type: a/b\r\n\r\nx\r\n--b--\r\n',
    ],
    "cookies": [b"a=1; b=2", b'a="x"', b";;=;"],
    "encodings": [b"gzip, br;q=0.5", b"*;q=0", b"identity;q=0, *"],
    **fuzz_supervisor.SEEDS,
    **fuzz_wire.SEEDS,
    **fuzz_guard.SEEDS,
    **fuzz_strangers.SEEDS,
}


def paths() -> Callable[[bytes], None]:
    """No path leads to a file outside of the root."""
    from wesktop.asgi.files.opening import locate, open_beneath

    base = Path(tempfile.mkdtemp()).resolve()
    root = base / "static"
    (root / "sub").mkdir(parents=True)
    (root / "file.txt").write_text("inside")
    (base / "secret").write_text("outside")
    (root / "link").symlink_to("../secret")

    def check(data: bytes) -> None:
        names = locate(root, data.decode("utf-8", "surrogateescape"), dotfiles=True)
        file = None if names is None else open_beneath(str(root), names)
        if file is not None:
            with file:
                assert file.read() == b"inside"

    return check


def queries() -> Callable[[bytes], None]:
    """Every parameter can be asked for, as anything."""
    from decimal import Decimal

    from wesktop.asgi import Request

    def check(data: bytes) -> None:
        request = Request({"type": "http", "query_string": data, "headers": []})
        for kind in (str, int, float, bool, Decimal):
            request.query("a", None, kind)
            request.query_list("a", kind)

    return check


def ranges() -> Callable[[bytes], None]:
    """A range lies within the file."""
    from wesktop.asgi.http.ranges import Unsatisfiable, parse_range

    def check(data: bytes) -> None:
        for size in (0, 1, 1000):
            try:
                found = parse_range(data.decode("latin-1"), size)
            except Unsatisfiable:
                continue
            assert found is None or 0 <= found[0] < found[1] <= size

    return check


def forms() -> Callable[[bytes], None]:
    """A form is read or refused; in one piece it is the same as in many, where both are read."""
    from wesktop.asgi.errors import HTTPError
    from wesktop.asgi.receiving.forms import read_form

    async def chunks(data: bytes, size: int) -> AsyncIterator[bytes]:
        for start in range(0, len(data), size):
            yield data[start : start + size]

    async def read(data: bytes, size: int) -> Any:
        try:
            with await read_form(FORM, chunks(data, size), 10) as form:
                return form.fields, [(name, file.name, file.read()) for name, file in form.files]
        except HTTPError as error:
            return error.status

    logging.disable()  # python-multipart logs what it refuses
    loop = asyncio.new_event_loop()

    def check(data: bytes) -> None:
        whole, split = (loop.run_until_complete(read(data, size)) for size in (len(data) or 1, 3))
        assert whole == split or int in (type(whole), type(split)), (whole, split)

    return check


def cookies() -> Callable[[bytes], None]:
    """Whatever a Cookie header says is read."""
    from wesktop.asgi.http.cookies import parse_cookies

    def check(data: bytes) -> None:
        assert all(parse_cookies(data.decode("latin-1")))

    return check


def encodings() -> Callable[[bytes], None]:
    """A variant is chosen that exists."""
    from wesktop.asgi.http.codings import choose

    def check(data: bytes) -> None:
        assert choose(data.decode("latin-1"), ["br", "gzip"]) in ("", "br", "gzip")

    return check


WORDS = {**fuzz_supervisor.WORDS, **fuzz_wire.WORDS, **fuzz_guard.WORDS, **fuzz_strangers.WORDS}
TARGETS = {
    function.__name__: function
    for function in (
        *(paths, queries, ranges, forms, cookies, encodings),
        *(*fuzz_supervisor.TARGETS, *fuzz_wire.TARGETS, *fuzz_guard.TARGETS, *fuzz_strangers.TARGETS),
    )
}


def fuzz(name: str, seconds: int, runs: int) -> None:
    """Run one target in this process; libFuzzer ends it."""
    import atheris  # type: ignore[import-untyped,import-not-found,unused-ignore]

    with atheris.instrument_imports(include=["wesktop", "wesktopd", "python_multipart", "tomllib"]):
        check = TARGETS[name]()
    corpus = Path(tempfile.mkdtemp())
    for number, seed in enumerate(SEEDS[name]):
        (corpus / str(number)).write_bytes(seed)
    words = Path(tempfile.mkdtemp()) / "words"  # bytes in libFuzzer's own notation
    escaped = ("".join(f"\\x{byte:02x}" for byte in word) for word in WORDS.get(name, []))
    words.write_text("".join(f'"{word}"\n' for word in escaped))
    found = tempfile.mkdtemp(prefix=f"fuzz-{name}-")
    limits = [f"-max_total_time={seconds}", f"-runs={runs}", "-max_len=4096", f"-timeout={TOO_LONG}"]
    atheris.Setup([name, *limits, f"-dict={words}", f"-artifact_prefix={found}/", str(corpus)], check)
    atheris.Fuzz()


def main() -> int:
    """Run the targets one after the other; the exit code of the first that fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all unless given")
    parser.add_argument("--seconds", type=int, default=100, help="for each target")
    parser.add_argument("--runs", type=int, default=-1, help="inputs for each target, if there is time for so many")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        fuzz(options.targets[0], options.seconds, options.runs)
        return 0
    for name in options.targets or TARGETS:
        if name not in TARGETS:
            parser.error(f"unknown target {name!r}")
        print(f"--- {name}", flush=True)
        limits = ["--seconds", str(options.seconds), "--runs", str(options.runs)]
        done = subprocess.run([sys.executable, __file__, "--here", name, *limits], check=False)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
