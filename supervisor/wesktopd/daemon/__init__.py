"""The supervisor's loop, and what it alone uses. On top of all other rooms; imported by what starts it."""
