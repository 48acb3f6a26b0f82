"""The bus across machines: a stream of Redis or Valkey, which orders events and keeps them (XADD, XREAD)."""

import functools
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from wesktop.sse.log import Log
from wesktopd.repeats import Repeats

INSTALL = "pip install 'wesktop[redis]'"
BLOCK = 1000  # milliseconds that a read waits for news
FIRST_DELAY, MAX_DELAY = 0.05, 2.0  # seconds until it is tried again, doubling
BATCH = 500  # events that are read, or sent, at once

logger = logging.getLogger("wesktop")


class RedisBus:
    """See Bus. One thread reads the stream, one sends; both come again when the server is away."""

    def __init__(self, url: str, channel: str, limits: tuple[int, int, float]) -> None:
        try:
            import redis
        except ModuleNotFoundError:
            raise ValueError(f"bus {url!r} needs the package redis: {INSTALL}") from None
        self.ready = False
        self._errors: tuple[type[Exception], ...] = (redis.RedisError, OSError)
        self._client: Callable[[], Any] = functools.partial(
            redis.Redis.from_url, url, socket_timeout=BLOCK / 1000 + 5, decode_responses=True
        )
        self._key = f"wesktop:{channel}"
        self._max_events, _, self._max_seconds = limits
        self._origin = f"{os.getpid()}-{os.urandom(4).hex()}"
        self._number = 0
        self._last_id = ""
        self._repeats = Repeats()
        self._waiting: deque[dict[str, str]] = deque()
        self._news = threading.Condition()
        self._closed = False

    def open(self, log: Log, on_news: Callable[[], None]) -> None:
        """See Bus."""
        self._log, self._on_news = log, on_news
        for run in (self._read, self._send):
            threading.Thread(target=self._again_and_again, args=(run,), name=f"bus-{self._key}", daemon=True).start()

    def publish(self, event: str, data: str, to: str | None) -> None:
        """See Bus."""
        with self._news:
            self._number += 1
            fields = {"event": event, "data": data, "origin": self._origin, "number": str(self._number)}
            self._waiting.append(fields if to is None else {**fields, "to": to})
            self._news.notify()

    def close(self) -> None:
        """See Bus."""
        self._closed = True
        with self._news:
            self._news.notify()

    def _again_and_again(self, run: Callable[[Any], None]) -> None:
        delay = FIRST_DELAY
        while not self._closed:
            began = time.monotonic()
            try:
                with self._client() as server:
                    run(server)
            except self._errors as error:
                logger.warning("the event bus at %s is away: %s", self._key, error)
            except Exception:
                logger.exception("the event bus at %s has failed; trying again", self._key)
            delay = FIRST_DELAY if time.monotonic() - began > MAX_DELAY else min(delay * 2, MAX_DELAY)
            time.sleep(delay)

    # Sending.

    def _send(self, server: Any) -> None:
        while not self._closed:
            with self._news:
                self._news.wait_for(lambda: self._waiting or self._closed)
                batch = [self._waiting[index] for index in range(min(BATCH, len(self._waiting)))]
            with server.pipeline(transaction=True) as pipeline:
                for fields in batch:
                    pipeline.xadd(self._key, fields, maxlen=max(1, self._max_events), approximate=True)
                pipeline.execute()
            with self._news:
                for _ in batch:
                    self._waiting.popleft()

    # Reading.

    def _read(self, server: Any) -> None:
        # After an outage the event that was read last may be gone, and with it others that were not.
        if not self.ready or (self._last_id and not server.xrange(self._key, self._last_id, self._last_id)):
            self._read_history(server)
        while not self._closed:
            for _, entries in server.xread({self._key: self._last_id or "0-0"}, count=BATCH, block=BLOCK) or ():
                self._take(entries)

    def _read_history(self, server: Any) -> None:
        """What is kept already. Whether anything was before its first event, only an untrimmed stream can tell."""
        entries = server.xrevrange(self._key, count=max(1, self._max_events))[::-1]
        oldest = time.time() - self._max_seconds
        young = [entry for entry in entries if int(entry[0].split("-")[0]) / 1000 >= oldest]
        cut = len(young) < len(entries) or server.xlen(self._key) > len(entries)
        before = entries[-len(young) - 1][0] if len(young) < len(entries) else ("lost" if cut else "0-0")
        self._log.begin(before)
        self._last_id = before if before != "lost" and not young else ""
        self._take(young)
        self.ready = True
        self._on_news()

    def _take(self, entries: list[tuple[str, dict[str, str]]]) -> None:
        now, wall = time.monotonic(), time.time()
        for id_, fields in entries:
            self._last_id = id_
            try:
                again = self._repeats.has_been(fields.get("origin", ""), int(fields.get("number", 0)))
                event, data = fields["event"], fields["data"]
            except (KeyError, ValueError):
                logger.warning("entry %s of %s is no event of ours", id_, self._key)
                continue
            if again:
                continue
            age = max(0.0, wall - int(id_.split("-")[0]) / 1000)
            self._log.append(id_, event, data, fields.get("to"), now - age)
        self._on_news()
