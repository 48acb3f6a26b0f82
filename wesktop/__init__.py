"""wesktop."""
