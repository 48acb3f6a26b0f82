"""The verbs of `wesktop ctl`, which look at running apps and control them.

May import `output`, `render` and `lazy`.
"""
