"""Entries on Linux and the BSDs: desktop files, icons of the theme, and defaults in mimeapps.list.

`platform` plans and associates; the formats are pure. Imports only the files of wesktop.entries, and no other room.
"""
