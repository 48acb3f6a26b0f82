"""GTK 3 with WebKitGTK: what pywebview leaves undone, or does otherwise.

May import all rooms but `page`, `link` and `opening`.
"""
