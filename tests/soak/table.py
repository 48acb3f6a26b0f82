"""The outcome of a run, for people."""

from soak.ledger import Ledger
from soak.measures import Held, Memory, Snapshot
from soak.pages import Events

MIB = 2**20


def outcome(ledger: Ledger, events: Events, before: Snapshot | None, after: Snapshot | None, memory: Memory) -> str:
    """Return all tables, and the promises that were broken."""
    parts = [_requests(ledger), _events(events), _counts("faults", ledger.faults), _counts("also", ledger.notes)]
    if before and after:
        parts.append(_held(before, after, memory))
    parts.append(_broken(ledger))
    return "\n\n".join(part for part in parts if part)


def _requests(ledger: Ledger) -> str:
    kinds = sorted({*ledger.answered, *ledger.excused, *ledger.failed})
    lines = [f"{'':34}{'answered':>10}{'retried':>10}{'cut by a kill':>15}{'failed':>10}"]
    lines += [
        f"{kind:34}{ledger.answered[kind]:10,}{ledger.retried[kind]:10,}{ledger.excused[kind]:15,}"
        f"{ledger.failed[kind]:10,}"
        for kind in kinds
    ]
    return "\n".join(lines)


def _events(events: Events) -> str:
    return (
        f"events: {len(events.sent):,} answered, {len(events.placed):,} told; "
        f"{events.pages:,} pages, which connected {events.connects:,} times"
    )


def _counts(title: str, counts: dict[str, int]) -> str:
    return (
        "\n".join([f"{title}:", *(f"  {count:8,}  {name}" for name, count in sorted(counts.items()))])
        if counts
        else ""
    )


def _held(before: Snapshot, after: Snapshot, memory: Memory) -> str:
    lines = [f"{'':34}{'before':>10}{'after':>10}"]
    for what, one, other in (
        ("supervisor", [before.supervisor], [after.supervisor]),
        ("each worker, the most", [*before.workers.values()], [*after.workers.values()]),
    ):
        lines += [
            f"{f'{what}: {name}':34}{_most(one, name):>10}{_most(other, name):>10}"
            for name in ("descriptors", "threads", "tasks", "MiB")
            if not (name == "tasks" and what == "supervisor")
        ]
    if memory.warm:
        lines.append(f"{'supervisor: MiB when it was warm':34}{next(iter(memory.warm.values())) / MIB:10.1f}")
    return "\n".join(lines)


def _most(held: list[Held], name: str) -> str:
    values = {
        "descriptors": lambda one: one.descriptors.total(),
        "threads": lambda one: one.threads,
        "tasks": lambda one: one.tasks.total(),
        "MiB": lambda one: one.rss / MIB,
    }
    most = max(values[name](one) for one in held)
    return f"{most:.1f}" if name == "MiB" else str(most)


def _broken(ledger: Ledger) -> str:
    if not ledger.broken:
        return "every promise was kept"
    more = [f"  ... and {ledger.dropped} more"] if ledger.dropped else []
    return "\n".join(["broken promises:", *(f"  {each}" for each in ledger.broken), *more])
