"""The contract of `wesktopd.system` on Linux and macOS, one concept a file.

Only this room imports these modules; see `wesktopd.system`. May import `errors`, `wire` and each other.
"""
