"""The messages between our processes, and the one way to cut a stream into lines. No I/O.

A message of a type that is not known is skipped, so that two releases can talk. May import `errors` and `text`.
"""
