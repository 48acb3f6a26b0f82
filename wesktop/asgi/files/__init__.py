"""Serving files: the response, static directories, how a file is opened and read, and which part of it is sent.

May import all of the app layer but `app`, `error_responses`, `lifespan` and `websockets`.
"""
