"""Serving files: the response, static directories, how a file is opened and read, and which part of it is sent.

May import `http`, `routing` and `receiving`, and the requests, responses and shared files of the app layer.
"""
