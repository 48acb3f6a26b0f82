"""GTK 3 with WebKitGTK: what pywebview leaves undone, or does otherwise."""
