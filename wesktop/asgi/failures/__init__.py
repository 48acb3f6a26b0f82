"""What a client is sent, and what is logged, when a handler raises an exception.

May import `http`, `routing`, `requests` and `responses`.
"""
