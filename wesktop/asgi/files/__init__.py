"""Files as responses: one file, a directory of static files, and the page of a single-page application.

May import `http`, `transfer`, `routing` and `responses`.
"""
