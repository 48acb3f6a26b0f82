"""wesktopd.control, part by part."""
