"""`wesktop doctor`: looks at all that an app needs here, and says what is wrong and what cures it.

It has to work where little else does: nothing but the standard library is loaded before a check needs it, a check
that fails is a finding of its own, and what could end the process (a GUI toolkit, a broken extension) is loaded in
another first.
"""
