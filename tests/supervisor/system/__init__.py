"""wesktopd.system, part by part."""
