"""The pool of workers: a table that says what to do with them next, and the processes it is done with.

May import `instance`, `logs`, `wire` and `system`.
"""
