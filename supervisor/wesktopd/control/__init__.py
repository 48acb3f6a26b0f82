"""The control socket: its server and its client's connection, leases, windows, and login links.

May import `instance`, `wire` and `system`.
"""
