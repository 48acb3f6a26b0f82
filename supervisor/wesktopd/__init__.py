"""wesktopd, the supervisor."""
