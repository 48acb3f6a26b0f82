"""Receiving from a client: messages in a task of their own, request bodies, forms, and a WebSocket's queue.

May import the shared files of the app layer (`types`, `limits`, `errors`, `timeouts`, ...) and `http`.
"""
