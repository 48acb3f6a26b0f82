"""The control socket: the server with its connections, leases, windows and login links; and the client's connection.

What requests do is in `daemon`. May import `instance`, `guard`, `wire` and `system`.
"""
