"""The window, a process of its own."""
