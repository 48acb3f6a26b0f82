"""The destinations of output: the journal in memory, the log file, the terminal, and the history of events.

May import `wire` and `system`.
"""
