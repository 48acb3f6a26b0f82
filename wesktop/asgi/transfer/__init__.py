"""Receiving bodies and messages within limits, and sending to clients that may be slow to read.

May import `errors` and `limits`.
"""
