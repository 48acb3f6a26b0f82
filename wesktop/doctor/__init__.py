"""`wesktop doctor`: checks everything that an app needs, and names a cure for each problem.

It must work on a broken installation: only the standard library is imported before a check needs more, a check that
raises becomes a finding, and code that could crash the process (a GUI toolkit, a broken extension) is first loaded in
another process. The checks may import services and window; `examine` runs them.
"""
