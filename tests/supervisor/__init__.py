"""wesktopd, part by part."""
