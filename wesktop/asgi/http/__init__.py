"""What the specifications of HTTP say about headers: parsing and formatting, without I/O.

May import no other room.
"""
