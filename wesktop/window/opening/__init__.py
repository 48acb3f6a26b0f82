"""What runs in the caller's process: checking the options of a window, starting its process, explaining its end.

May import `frame` and `policy`.
"""
