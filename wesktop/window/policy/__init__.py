"""What the page may do in the window, and what is kept out of its reach. Decisions, without a toolkit.

May import no other room.
"""
