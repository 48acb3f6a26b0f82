"""Apps as services of the system: under systemd or launchd, the user's or the machine's.

What is written is made of the templates by functions without I/O (service, units, property_list, quoting, templates);
systemd and launchd put it in place, whole or not at all.
"""
