"""wesktopd.workers, part by part."""
