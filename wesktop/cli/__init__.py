"""The `wesktop` command."""

import gc
import sys


def main() -> None:
    """Run the command line: one line on stderr for an error, never a traceback.

    Exit codes: 0 done, 1 failed, 2 usage, 3 not running or not ready, 4 permission, 5 timed out, 130 ended by
    Ctrl-C.
    """
    gc.disable()  # of what is loaded nothing is garbage: 8 ms of 50
    try:
        from wesktop.cli.exit_codes import exit_code
    except Exception as error:  # a package is missing or broken, in whatever way
        sys.exit(f"wesktop: it does not load ({error}): `python -m wesktop.doctor` says what is wrong.")

    code = exit_code()
    gc.freeze()  # nor is it at the end
    sys.exit(code)
