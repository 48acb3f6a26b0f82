"""Where output goes: the journal in memory, the log file, the terminal, and the history of what has happened.

May import `wire` and `system`.
"""
