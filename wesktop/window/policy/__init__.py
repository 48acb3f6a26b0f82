"""The policy: what the page may do in the window, and what is out of its reach. Decisions, without a toolkit.

May import no other room.
"""
