"""`make soak`, or `python -m soak --minutes 5 --seed 7` with `tests` on the path; exits with 1 if a promise broke."""

import argparse
import asyncio
import os
import shutil
import signal
import sys

from soak.run import Plan, soak

INSIDE = "WESKTOP_SOAK_MOUNTS"


def main() -> int:
    """Carry out the run that the arguments ask for; the exit code."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30, help="of load with faults (default %(default)g)")
    parser.add_argument("--seconds", type=float, help="the same, in seconds")
    parser.add_argument("--seed", type=int, default=Plan.seed, help="the same faults in the same order")
    parser.add_argument("--rate", type=float, default=Plan.rate, help="requests a second (default %(default)g)")
    parser.add_argument(
        "--quiet", type=float, default=Plan.quiet, help="seconds after the load until what is left over counts"
    )
    parser.add_argument("--faults", metavar="NAME,NAME", help="some instead of all")
    parser.add_argument("--clients", type=int, default=Plan.pages, help="event pages, and as many WebSockets")
    parser.add_argument("--hang-timeout", type=float, default=Plan.hang_timeout, help="of the app, in seconds")
    parser.add_argument("--guests", type=int, default=Plan.guests, help="clients that misbehave, at any time")
    parser.add_argument("--pause", type=float, default=Plan.pauses[1], help="the most seconds between two faults")
    options = parser.parse_args()
    enter_mounts()
    plan = Plan(
        seconds=options.minutes * 60 if options.seconds is None else options.seconds,
        seed=options.seed,
        rate=options.rate,
        quiet=options.quiet,
        pages=options.clients,
        sockets=options.clients,
        guests=options.guests,
        hang_timeout=options.hang_timeout,
        pauses=(options.pause / 5, options.pause),
        faults=tuple(options.faults.split(",")) if options.faults else None,
    )
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        kept, tables = asyncio.run(soak(plan, lambda line: print(line, file=sys.stderr, flush=True)))
    except ValueError as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        print("soak: interrupted; everything that it started has ended", file=sys.stderr)
        return 130
    print(tables)
    return 0 if kept else 1


def enter_mounts() -> None:
    """As root, go on in a mount namespace of its own: what is mounted there ends with it, however that is."""
    if os.geteuid() or INSIDE in os.environ or not shutil.which("unshare"):
        return
    command = ["unshare", "--mount", "--propagation", "private", sys.executable, "-m", "soak", *sys.argv[1:]]
    os.environ[INSIDE] = "1"
    os.execvp(command[0], command)  # noqa: S606  no shell is needed


if __name__ == "__main__":
    sys.exit(main())
