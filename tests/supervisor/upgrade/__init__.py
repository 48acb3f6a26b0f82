"""wesktopd.upgrade, part by part."""
