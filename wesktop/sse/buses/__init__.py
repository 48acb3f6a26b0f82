"""The buses: each puts events in one order and delivers them to the log of every process.

May import `event_format` and `parameters` of `wesktop.sse`, and messages of `wesktopd`.
"""
