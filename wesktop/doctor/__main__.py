"""`python -m wesktop.doctor`: the same as `wesktop doctor`, also where that does not start for want of a package."""

import argparse
import sys

from wesktop.doctor.examine import examine, show

PORTS = range(1, 65536)


def main() -> int:
    """Look, and tell; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m wesktop.doctor", description="Say what is wrong here.")
    parser.add_argument("--json", action="store_true", help="machine-readable")
    parser.add_argument("--no-window", action="store_true", help="no window is to be opened here")
    parser.add_argument("--port", type=int, action="append", default=[], help="a port that is to be free")
    options = parser.parse_args()
    for port in options.port:
        if port not in PORTS:
            parser.error(f"port {port} is out of range: give 1 to 65535")
    return show(examine(window=not options.no_window, ports=options.port), as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
