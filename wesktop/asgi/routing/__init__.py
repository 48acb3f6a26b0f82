"""The router: patterns, the table of routes, handlers in threads, and the error handlers of an app.

May import the shared files of the app layer (`types`, `parameters`, `errors`, ...) and `http`.
"""
