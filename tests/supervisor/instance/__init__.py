"""wesktopd.instance, part by part."""
