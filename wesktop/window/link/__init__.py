"""The window's two connections, to its launcher and to the supervisor, and the log messages sent over them.

May import `page` and `policy`.
"""
