"""The `wesktop` command."""

import gc
import sys


def main() -> None:
    """Run the command line: one line on stderr for an error, never a traceback.

    Exit codes: 0 done, 1 failed, 2 usage, 3 not running or not ready, 4 permission, 5 timed out, 130 ended by
    Ctrl-C.
    """
    gc.disable()  # of what is loaded nothing is garbage: 8 ms of 50
    from wesktop.cli.outcome import exit_code

    code = exit_code()
    gc.freeze()  # nor is it at the end
    sys.exit(code)
