"""The caller's side: checking the options of a window, starting its process, explaining its end.

May import `frame` and `policy`.
"""
