"""Pulse's samples: the sums by tables, the sampler on this machine."""

from typing import NamedTuple

import pytest

from examples.pulse.metrics import SPAN, Sampler, Traffic, machine, mean, new_history, outside, rate


class Interface(NamedTuple):
    bytes_recv: int
    bytes_sent: int


@pytest.mark.parametrize(
    ("shares", "expected"),
    [([], 0.0), ([40.0], 40.0), ([0.0, 100.0], 50.0), ([10.0, 10.0, 11.0], 10.3)],
)
def test_mean_of_the_cores(shares: list[float], expected: float) -> None:
    assert mean(shares) == expected


@pytest.mark.parametrize(
    ("before", "after", "seconds", "expected"),
    [
        (1000, 3000, 2.0, 1000.0),
        (1000, 1000, 1.0, 0.0),
        (9000, 1000, 1.0, 0.0),
        (1000, 3000, 0.0, 0.0),
    ],
    ids=["grew", "still", "an interface went away", "no time passed"],
)
def test_rate_is_never_negative(before: int, after: int, seconds: float, expected: float) -> None:
    assert rate(before, after, seconds) == expected


@pytest.mark.parametrize(
    "inside", ["lo", "lo0", "Loopback Pseudo-Interface 1", "veth1f", "docker0", "br-77", "virbr0"]
)
def test_traffic_inside_the_machine_does_not_count(inside: str) -> None:
    interfaces = {"eth0": Interface(10, 1), "wlan0": Interface(20, 2), inside: Interface(5000, 5000)}
    assert outside(interfaces) == Traffic(received=30, sent=3)


def test_sample_fits_the_machine() -> None:
    this = machine()
    sample = Sampler().sample()
    assert len(sample.cores) == this.cores
    assert 0 <= sample.cpu <= 100
    assert 0 < sample.memory_used < this.memory_total
    assert sample.memory_free <= this.memory_total - sample.memory_used
    assert 0 <= sample.swap_used <= this.swap_total
    assert this.booted < sample.time


def test_history_holds_the_span_and_forgets_the_rest() -> None:
    history, sampler = new_history(), Sampler()
    first = sampler.sample()
    history.append(first)
    history.extend(sampler.sample() for _ in range(SPAN))
    assert history[0] is first
    history.append(sampler.sample())
    assert history[0] is not first
    assert len(history) == SPAN + 1
