"""The surroundings of the page: place and size of the window, its menu, and files dropped on it. No I/O.

May import no other room.
"""
