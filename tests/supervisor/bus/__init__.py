"""wesktopd.bus, part by part."""
