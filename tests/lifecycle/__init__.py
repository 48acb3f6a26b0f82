"""An app through restarts, crashes and upgrades, under load."""
