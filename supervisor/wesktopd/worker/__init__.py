"""The process that serves: granian on the shared socket, the app's lifespan, and the drain at its end.

`python -m wesktopd.worker` starts it. May import `guard`, `wire` and `system`.
"""
