"""Server-sent events (WHATWG HTML, section 9.2) that a page follows without missing any.

An app uses a `Broadcaster`. Events go to a *bus*, which orders them and gives each an ID, and from there to the *log*
of every process. Each connected page, a *subscriber*, reads that log from its own position: a page that reconnects
sends its position and continues there.
"""

from wesktop.sse.broadcaster import Broadcaster, sse_route

__all__ = ["Broadcaster", "sse_route"]
