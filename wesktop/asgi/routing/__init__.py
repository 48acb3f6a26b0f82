"""Which handler answers which method and path, and how handlers are called.

May import `errors` and `http`.
"""
