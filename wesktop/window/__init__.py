"""The window, a process of its own: `python -m wesktop.window`."""
