"""The operating system behind one contract: children, sockets, locks, identities, private files, stop signals.

Nothing outside of this room asks which system this is. May import `errors` and `wire`.
"""
