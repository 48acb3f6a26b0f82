"""Targets for fuzz.py: what a stranger's process says to the control socket, and what is shown of others' text."""

from collections.abc import Callable

from scripts.fuzz_supervisor import HELLO, PROOF, SECRET

CHALLENGE = b"1" * 64 + b" " + b"2" * 64 + b"\n"
FILE = b"8000 " + SECRET.encode() + b"\n"
SEEDS = {
    "greetings": [HELLO, PROOF, CHALLENGE, FILE, b"wesktop \xff", b"", HELLO + b"\r", CHALLENGE + CHALLENGE],
    "shown": [
        *(b"\x1b]0;t\x07", "a\u202eb\u2028c\x85d\x9be".encode(), b"\x1b[31mred\x1b[0m\t", b"a\r\nb\x0b"),
        b"\xed\xa0\x80",
    ],
}
WORDS = {
    "greetings": [b"wesktop ", b"0" * 64, b"5" * 64, b" ", b"\n", b"\r", b"8000 ", b"\xd9\xa0"],
    "shown": [b"\x1b[", b"0m", b"\n", b"\xc2\x9b", b"\xe2\x80\xae", b"\xe2\x80\xa8", b"\xed\xa0\x80", b'"', b"\\u"],
}


def greetings() -> Callable[[bytes], None]:
    """A client without the secret is rejected, and never receives it."""
    from wesktopd.system import control_socket
    from wesktopd.wire.greeting import MAX_LINE, ClientGreeting, NotProvenError, ServerGreeting

    def check(data: bytes) -> None:
        fresh, asked, client = ServerGreeting(SECRET), ServerGreeting(SECRET, PROOF.decode()), ClientGreeting(SECRET)
        for line in data.split(b"\n"):
            answer = fresh.receive(line)
            assert answer is None or (
                len(answer) <= MAX_LINE and SECRET.encode() not in answer and answer.endswith(b"\n")
            )
            assert (asked.receive(line) == b"") is (line.strip() == PROOF)
        try:
            client.answer(data)
        except NotProvenError:
            pass
        else:
            raise AssertionError("a server is believed")
        found = control_socket.parse(data)
        assert found is None or (0 < found[0] < 65536 and len(found[1]) == len(SECRET))

    return check


def shown() -> Callable[[bytes], None]:
    """Any text can be written, stays on its line, and contains no control characters."""
    import logging
    import re
    import unicodedata

    import msgspec

    from wesktop.asgi.reporting import printable as printable_in_app
    from wesktopd.text import printable, printable_json, printable_lines, printable_output, without_colours
    from wesktopd.worker import client_text

    acted_upon = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

    def check(data: bytes) -> None:
        text = read(data)
        for line in (printable(text), printable_in_app(text)):
            assert not acted_upon.search(line)
            assert len(f"a{line}b".splitlines()) == 1
            line.encode()
        for several in (printable_lines(text), record(text)):
            lines = several.splitlines()
            assert not any(map(acted_upon.search, lines))
            assert all(line.startswith("  ") for line in lines[1:])
        bare = without_colours(printable_output(text.replace("\n", "")))
        assert not acted_upon.search(bare.replace("\t", ""))
        if not any(unicodedata.category(char) == "Cs" for char in text):
            encoded = printable_json(msgspec.json.encode(text).decode())
            assert msgspec.json.decode(encoded) == text
            assert not acted_upon.search(encoded)

    def read(data: bytes) -> str:
        try:
            return data.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            return data.decode("latin-1")

    def record(text: str) -> str:
        error = ValueError(text)
        made = logging.LogRecord("a", logging.ERROR, "f", 1, "%s", (text,), (ValueError, error, None))
        client_text.make_printable(made)
        if client_text.is_printable(error):
            assert not acted_upon.search(text)
        return logging.Formatter("%(message)s").format(made)

    return check


TARGETS = (greetings, shown)
