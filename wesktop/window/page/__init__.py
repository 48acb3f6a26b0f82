"""The window while it is open: its page, its dialogs, its geometry, and what happens when it is closed.

May import `policy`, `frame`, `dialogs` and the toolkit.
"""
