"""The `wesktop` command: parses its arguments, calls the rest of wesktop, and prints the result.

The commands (serving, service, entries, doctor) and the room `ctl` may import render, output, lazy and options;
`main` names them all, and `exit_codes` runs it. A command's module is imported when it is called.
"""

import gc
import sys


def main() -> None:
    """Run the command line: one line on stderr for an error, never a traceback.

    Exit codes: 0 done, 1 failed, 2 usage, 3 not running or not ready, 4 permission, 5 timed out, 130 ended by
    Ctrl-C.
    """
    gc.disable()  # nothing that is loaded is garbage: saves 8 ms of 50
    try:
        from wesktop.cli.exit_codes import exit_code
    except Exception as error:  # a package is missing or broken
        sys.exit(f"wesktop: the command does not load ({error}): `python -m wesktop.doctor` finds the cause.")

    code = exit_code()
    gc.freeze()  # saves a collection at exit
    sys.exit(code)
