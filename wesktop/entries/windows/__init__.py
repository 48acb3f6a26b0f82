"""Entries on Windows: shortcuts, and the user's part of the registry. Not run on Windows.

`platform` plans and associates; the formats are pure. Imports only the files of wesktop.entries, and no other room.
"""
