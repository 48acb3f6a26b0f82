"""Qt with WebEngine: what pywebview leaves undone, or does otherwise."""
