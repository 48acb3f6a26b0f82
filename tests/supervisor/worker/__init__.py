"""wesktopd.worker, part by part."""
