"""Server-sent events (WHATWG HTML, section 9.2) that a page follows without missing one.

`Broadcaster` is what an app uses. Events go to a *bus*, which puts them in one order and gives each an ID; from there
they come into the *log* of every process, and each connected page, a *subscriber*, reads on in that log from where it
is. So a page that comes back tells where it was, and goes on from there.
"""

from wesktop.sse.broadcaster import Broadcaster, sse_route

__all__ = ["Broadcaster", "sse_route"]
