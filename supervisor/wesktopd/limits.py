"""The limits that both sides go by."""

DRAIN_TIMEOUT = 5.0  # seconds that open requests have to finish in at a stop
START_TIMEOUT = 60.0  # seconds that an app has to become ready in
HANG_TIMEOUT = 30.0  # seconds that an app's event loop may stand still for
MAX_WORKERS = 64
BACKLOG = 1024  # connections that may wait to be accepted, as far as the system grants it
MAX_CONNECTIONS = 16384  # of a worker at a time, as far as the system grants it descriptors
DESCRIPTORS = MAX_CONNECTIONS + 2048  # of a worker, as far as the system grants them: for these, and for the app
