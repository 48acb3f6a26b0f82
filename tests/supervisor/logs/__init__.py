"""wesktopd.logs, part by part."""
