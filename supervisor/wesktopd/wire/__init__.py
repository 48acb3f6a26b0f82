"""What our processes say to each other: one way to cut lines, and every message. No I/O.

A message of a type that is not known is skipped, so that two releases can talk. May import `errors` and `text`.
"""
