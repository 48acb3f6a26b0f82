"""One served app: its parts, and the files by which others find it.

May import `control`, `workers`, `instance`, `bus`, `logs`, `guard`, `wire` and `system`.
"""
