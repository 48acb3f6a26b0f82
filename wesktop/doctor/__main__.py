"""`python -m wesktop.doctor`: `wesktop doctor` without click, for when a missing package prevents that."""

import argparse
import sys

from wesktop.doctor.examine import examine, show

PORTS = range(1, 65536)


def main() -> int:
    """Run the checks, print the findings, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m wesktop.doctor", description="Check this installation, and name a cure for each problem."
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--no-window", action="store_true", help="skip the checks for windows")
    parser.add_argument("--port", type=int, action="append", default=[], help="check that this port is free")
    options = parser.parse_args()
    for port in options.port:
        if port not in PORTS:
            parser.error(f"port must be 1 to 65535, not {port}")
    return show(examine(window=not options.no_window, ports=options.port), as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
