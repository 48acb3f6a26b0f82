"""The event bus: puts the events of all workers in one order and keeps the latest for clients that reconnect.

May import `wire` and `system`.
"""
