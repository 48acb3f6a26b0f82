"""The installed release of wesktop."""

import os
import sys

DISTRIBUTION = "wesktop"


def installed_release() -> str:
    """The installed version; empty where it runs without having been installed.

    As importlib.metadata finds it, whose import would add 3 MB to each supervisor (packaging.python.org, "Recording
    installed projects": the directory is named after the distribution and its version).
    """
    begin, end = f"{DISTRIBUTION}-", ".dist-info"
    for directory in sys.path:
        try:
            names = os.listdir(directory or ".")  # noqa: PTH208  half the time
        except OSError:
            continue
        for name in names:
            if name.startswith(begin) and name.endswith(end):
                return name[len(begin) : -len(end)]
    return ""
