"""How two ends prove to each other that they know a secret: without a socket."""

import pytest

from wesktopd.wire.greeting import MAX_LINE, ClientGreeting, NotProvenError, ServerGreeting, proof

SECRET = "5" * 64


def challenged(client: ClientGreeting, server: ServerGreeting) -> bytes:
    """The server's line to a client's first one, with its newline."""
    line = server.receive(client.hello.removesuffix(b"\n"))
    assert line is not None
    return line


def test_two_that_know_the_secret_believe_each_other_and_never_send_it() -> None:
    client, server = ClientGreeting(SECRET), ServerGreeting(SECRET)
    challenge = challenged(client, server)
    answer = client.answer(challenge)
    assert server.receive(answer.removesuffix(b"\n")) == b""
    said = [client.hello, challenge, answer]
    assert not any(SECRET.encode() in line or len(line) > MAX_LINE for line in said)
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in said)


def test_a_server_without_the_secret_gets_nothing_of_the_client() -> None:
    client = ClientGreeting(SECRET)
    with pytest.raises(NotProvenError):
        client.answer(challenged(client, ServerGreeting("6" * 64)))


def test_a_client_without_the_secret_is_raised_nothing() -> None:
    server, stranger = ServerGreeting(SECRET), ClientGreeting("6" * 64)
    nonce = challenged(stranger, server).split()[0].decode()
    theirs = stranger.hello.split()[1].decode()
    assert server.receive(proof("6" * 64, "client", theirs, nonce).encode()) is None


def test_no_two_greetings_are_the_same() -> None:
    greetings = [ClientGreeting(SECRET) for _ in range(50)]
    assert len({greeting.hello for greeting in greetings}) == 50
    assert len({challenged(greetings[0], ServerGreeting(SECRET)) for _ in range(50)}) == 50


@pytest.mark.parametrize("what", ["own proof", "own number", "of another role", "of another connection", "recorded"])
def test_what_was_said_before_proves_nothing_to_the_server(what: str) -> None:
    server, client = ServerGreeting(SECRET), ClientGreeting(SECRET)
    number, own = challenged(client, server).decode().split()
    theirs = client.hello.split()[1].decode()
    recorded = client.answer(challenged(client, ServerGreeting(SECRET))).strip().decode()
    said = {
        "own proof": own,
        "own number": number,
        "of another role": proof(SECRET, "server", theirs, number),
        "of another connection": proof(SECRET, "client", number, theirs),
        "recorded": recorded,
    }[what]
    assert server.receive(said.encode()) is None


def test_what_was_said_before_proves_nothing_to_the_client() -> None:
    server = ServerGreeting(SECRET)
    first, second = ClientGreeting(SECRET), ClientGreeting(SECRET)
    recorded = challenged(first, server)
    theirs, number = second.hello.split()[1].decode(), recorded.split()[0].decode()
    for said in (
        recorded,
        second.hello,
        f"{theirs} {theirs}\n".encode(),
        f"{number} {proof(SECRET, 'client', theirs, number)}\n".encode(),
        f"{theirs} {recorded.split()[1].decode()}\n".encode(),
    ):
        with pytest.raises(NotProvenError):
            second.answer(said)


NUMBER = b"0" * 64


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"\r", b"wesktop", b"wesktop ", b"wesktop " + NUMBER[:-1], b"wesktop " + NUMBER + b"0"),
        *(b"wesktop " + NUMBER.replace(b"0", b"G"), b"Wesktop " + NUMBER, b"wesktop  " + NUMBER, NUMBER),
        *(b"wesktop " + NUMBER + b" " + NUMBER, b'{"type":"status"}', b"GET / HTTP/1.1", b"\xff" * 72, b"\0" * 72),
        *(SECRET.encode(), b"wesktop " + b"\xd9\xa0" * 64, b"wesktop " + NUMBER + b"\nx"),
    ],
)
def test_a_first_line_that_is_none_is_not_answered(line: bytes) -> None:
    server = ServerGreeting(SECRET)
    assert server.receive(line) is None
    assert server.awaited is None


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"\n", b"x", NUMBER + b"\n", NUMBER + b" " + NUMBER, NUMBER + b" " + NUMBER + b"\n"),
        *(NUMBER + b" " + NUMBER + b"\n{}\n", b"\xff" * MAX_LINE, b"HTTP/1.1 400 Bad Request\r\n", b"done\n"),
    ],
)
def test_an_answer_that_is_none_gets_no_proof(line: bytes) -> None:
    with pytest.raises(NotProvenError):
        ClientGreeting(SECRET).answer(line)
