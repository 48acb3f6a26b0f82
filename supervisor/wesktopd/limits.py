"""The limits that both sides go by."""

DRAIN_TIMEOUT = 5.0  # seconds that open requests have to finish in at a stop
START_TIMEOUT = 60.0  # seconds that an app has to become ready in
