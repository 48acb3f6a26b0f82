"""The bus across machines: a stream of Redis or Valkey, which orders events and keeps them (XADD, XREAD)."""

import atexit
import functools
import logging
import math
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from wesktop.sse.buses.bus import Bus, Sink
from wesktop.sse.buses.emitted import REMEMBERED, follow_emitted
from wesktop.sse.buses.send_queue import SendQueue
from wesktop.sse.parameters import without_password
from wesktopd.bus.deduplication import Deduplicator
from wesktopd.wire.bus_messages import Publish

BLOCK = 1000  # milliseconds that a read waits for news
FIRST_DELAY, MAX_DELAY = 0.05, 2.0  # seconds until it is tried again, doubling
BATCH = 500  # events read or sent at a time
BEGINNING = {"begin": "1"}  # the fields of what a stream begins with, so that there is an ID before the first event
LAST_WORDS = 1.0  # seconds for what waits when the process ends

# What is emitted reaches every worker of the app, each of which hands it on; in their order, so that one number tells
# which have been.
ADD_EMITTED = """
if tonumber(ARGV[1]) <= tonumber(redis.call('GET', KEYS[2]) or '0') then return end
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[3], '*', unpack(ARGV, 4))
redis.call('SET', KEYS[2], ARGV[1], 'EX', ARGV[2])
"""

logger = logging.getLogger("wesktop")


class RedisBus:
    """See Bus. One thread reads the stream, one sends; both reconnect when the server is away."""

    def __init__(self, url: str, channel: str, limits: tuple[int, int, float]) -> None:
        try:
            import redis
        except ModuleNotFoundError:
            from wesktop.extras import install_command

            needed = f"needs the package redis: {install_command('redis')}"
            raise ValueError(f"bus {without_password(url)!r} {needed}") from None
        _check_url(redis, url)
        self.ready = False
        self._errors: tuple[type[Exception], ...] = (redis.RedisError, OSError)
        # It does not connect or try again by itself: that would hide that the server has begun anew, maybe with less.
        never = redis.retry.Retry(redis.backoff.NoBackoff(), 0)
        self._client: Callable[[], Any] = functools.partial(
            redis.Redis.from_url, url, socket_timeout=BLOCK / 1000 + 5, decode_responses=True,
            encoding_errors="replace", single_connection_client=True, retry=never,
        )  # fmt: skip
        self._channel = channel
        self._limits = limits
        self._key = f"wesktop:{channel}"
        self._kept, self._max_seconds = max(1, limits[0]), limits[2]
        self._origin = f"{os.getpid()}-{os.urandom(4).hex()}"
        self._number = 0
        self._last_id = ""
        self._clock = 0.0  # seconds that the server's is ahead of time.monotonic()
        self._deduplicator = Deduplicator()
        self._news = threading.Condition()  # over what follows
        self._queue = SendQueue(f"the event bus at {self._key}")
        self._emitted = SendQueue(f"the event bus at {self._key}")
        self._closed = False
        self._follower: Bus | None = None

    def open(self, log: Sink, on_news: Callable[[], None]) -> None:
        """See Bus."""
        self._log, self._on_news = log, on_news
        for run in (self._read, self._send):
            threading.Thread(target=self._again_and_again, args=(run,), name=f"bus-{self._key}", daemon=True).start()
        self._follower = follow_emitted(self._channel, self._limits, self._hand_on)
        atexit.register(self._say_last_words)

    def publish(self, event: str, data: str, to: str | None) -> None:
        """See Bus."""
        with self._news:
            self._number += 1
            self._queue.add(Publish(event=event, data=data, to=to, origin=self._origin, number=self._number))
            self._news.notify_all()

    def _hand_on(self, event: Publish) -> None:
        with self._news:
            self._emitted.add(event)
            self._news.notify_all()

    def _say_last_words(self) -> None:
        """Wait for the last events, which a thread that does not outlive the process has yet to send."""
        with self._news:
            self._news.wait_for(lambda: not self._queue, LAST_WORDS)

    def close(self) -> None:
        """See Bus."""
        self._closed = True
        atexit.unregister(self._say_last_words)
        if self._follower is not None:
            self._follower.close()
        with self._news:
            self._news.notify_all()

    def abandon(self) -> None:
        """See Bus."""
        self._closed = True
        atexit.unregister(self._say_last_words)
        if self._follower is not None:
            self._follower.abandon()

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
        with self._news:
            self._queue.requeue()
            self._emitted.requeue()
        self._begin_stream(server)
        while not self._closed:
            with self._news:
                self._news.wait_for(lambda: self._queue.has_waiting or self._emitted.has_waiting or self._closed)
                own, emitted = self._queue.take(BATCH), self._emitted.take(BATCH)
            with server.pipeline(transaction=True) as pipeline:
                for event in own:
                    pipeline.xadd(self._key, _fields(event), maxlen=self._kept, approximate=True)
                for event in emitted:
                    self._add_emitted(pipeline, event)
                pipeline.execute()
            with self._news:
                for queue, events in ((self._queue, own), (self._emitted, emitted)):
                    if events:
                        queue.confirm(events[-1].number)
                self._news.notify_all()

    def _add_emitted(self, pipeline: Any, event: Publish) -> None:
        counter = f"{{{self._key}}}:{event.origin}"  # in a cluster, where the stream is
        fields = [text for pair in _fields(event).items() for text in pair]
        pipeline.eval(ADD_EMITTED, 2, self._key, counter, event.number, REMEMBERED, self._kept, *fields)

    def _begin_stream(self, server: Any) -> None:
        """Create it if there is none, or an empty one; another may safely do the same at this moment."""
        if not server.xlen(self._key):
            server.xadd(self._key, BEGINNING)

    # Reading.

    def _read(self, server: Any) -> None:
        seconds, microseconds = server.time()
        self._clock = seconds + microseconds / 1e6 - time.monotonic()
        if not self.ready:
            self._read_history(server)
        while not self._closed:
            # In one go: wait for news, and read on from the entry that was read last, with it. Where that is gone, by
            # trimming or with the server's memory, others may be gone that were not read.
            with server.pipeline(transaction=False) as pipeline:
                pipeline.xread({self._key: self._last_id}, count=1, block=BLOCK)
                pipeline.xrange(self._key, self._last_id, count=BATCH + 1)
                _, entries = pipeline.execute()
            if not entries or entries[0][0] != self._last_id:
                self._read_history(server)
            elif len(entries) > 1:
                self._take(entries[1:])

    def _read_history(self, server: Any) -> None:
        """Read the entries that are kept already, after the first: what came before that is unknown."""
        while not (entries := server.xrevrange(self._key, count=self._kept + 1)[::-1]):
            self._begin_stream(server)
        oldest = time.monotonic() - self._max_seconds
        start = max(1, sum(self._time_of(id_) < oldest for id_, _ in entries))
        self.ready = False  # also after a gap: new clients are not placed in the middle of what is read again
        self._deduplicator = Deduplicator()  # what has been read before is read again
        self._last_id, fields = entries[start - 1]
        if _is_event(fields):
            self._is_again(fields)
        self._log.begin(self._last_id, -math.inf if fields == BEGINNING else self._time_of(self._last_id))
        self._take(entries[start:])
        self.ready = True
        self._on_news()

    def _take(self, entries: list[tuple[str, dict[str, str]]]) -> None:
        for id_, fields in entries:
            self._last_id = id_
            if fields == BEGINNING:
                continue
            if not _is_event(fields):
                logger.warning("entry %s of %s is not a wesktop event and is skipped", id_, self._key)
            elif not self._is_again(fields):
                self._log.append(id_, fields["event"], fields["data"], fields.get("to"), self._time_of(id_))
        self._on_news()

    def _is_again(self, fields: dict[str, str]) -> bool:
        return self._deduplicator.is_repeat(fields.get("origin", ""), int(fields.get("number", "0")))

    def _time_of(self, id_: str) -> float:
        """Return when it was added, by time.monotonic(); rather too late than too early, for new clients."""
        return min(time.monotonic(), (int(id_.split("-")[0]) + 1) / 1000 - self._clock)


def _check_url(redis: Any, url: str) -> None:
    """Refuse what its client cannot connect by; raises ValueError. Nothing is connected yet."""
    try:
        redis.ConnectionPool.from_url(url).make_connection()
    except (ValueError, TypeError, redis.RedisError):  # of which the sentences quote a part, perhaps of the password
        raise ValueError(
            f"bus must be a Redis URL such as 'redis://host:6379/0', not {without_password(url)!r}"
        ) from None


def _is_event(fields: dict[str, str]) -> bool:
    number = fields.get("number", "0")
    return "event" in fields and "data" in fields and number.isdecimal() and len(number) < 20


def _fields(event: Publish) -> dict[str, str]:
    fields = {"event": event.event, "data": event.data, "origin": event.origin, "number": str(event.number)}
    return fields if event.to is None else {**fields, "to": event.to}
