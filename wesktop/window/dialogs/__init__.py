"""One dialog, its file types, and notifications, as far as they are the same on every toolkit.

May import no other room.
"""
