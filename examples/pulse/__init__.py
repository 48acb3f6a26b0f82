"""Pulse: what this computer is doing, drawn live. Start it with `python -m examples.pulse`."""
