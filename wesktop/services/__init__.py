"""Apps as services of systemd or launchd, of the user or the machine.

The files are rendered from templates without I/O (service, units, property_list, quoting, templates); `systemd` and
`launchd` install them, completely or not at all; `this_system` chooses between the two. Imports nothing of wesktop.
"""
