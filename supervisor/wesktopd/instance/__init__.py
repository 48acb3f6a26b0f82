"""The parts that make a process the one server of a name: lock, PID file, state file, and the listening socket.

May import `guard`, `wire` and `system`.
"""
