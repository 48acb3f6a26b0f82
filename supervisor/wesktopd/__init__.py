"""wesktopd: the supervisor that holds an app's port and runs its workers.

One process of it serves one app: `wesktopd.daemon` decides, `wesktopd.worker` serves, `wesktopd.client` asks.
It never imports `wesktop`: the application is met only through its ASGI callable.
"""
