"""An upgrade of wesktop under a running app: a second supervisor starts beside the first and takes its place.

May import `control`, `workers`, `instance`, `bus`, `logs`, `wire` and `system`.
"""
