"""serve(), with real processes."""
