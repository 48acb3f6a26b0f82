"""wesktopd.wire, part by part."""
