"""Entries on macOS: app bundles and launch agents. Not run on a Mac.

`platform` plans and associates; `bundle` is pure. Imports only the files of wesktop.entries, and no other room.
"""
