"""The supervisor's loop, and the commands and requests that it serves.

On top of all other rooms: imported only by what starts it.
"""
