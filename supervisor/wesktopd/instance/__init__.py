"""What makes a process the one server of an app's name: lock, PID file, state file, and the listening socket.

May import `guard`, `wire` and `system`.
"""
