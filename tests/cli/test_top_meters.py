"""CPU shares and curves from one report after another, and the frame that shows them."""

import io

import pytest
from rich.console import Console

from cli.made import NOW, report, worker
from wesktop.cli.ctl.top_meters import KEPT, AppMeter, squeeze
from wesktop.cli.ctl.top_view import frame


def meter(samples: int = 2) -> AppMeter:
    """An app whose worker uses half a processor, and its supervisor a tenth."""
    made = AppMeter("pulse")
    for second in range(samples):
        made.update(report(worker(cpu=second * 0.5), cpu=second * 0.1), float(second), NOW + second)
    return made


def drawn(apps: list[AppMeter], width: int) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width, color_system=None).print(frame(apps, width))
    return out.getvalue().splitlines()


def test_the_first_sample_has_no_cpu_share_and_the_second_has() -> None:
    assert meter(1).total.cpu is None
    made = meter(2)
    assert made.workers[1].cpu == pytest.approx(50)
    assert made.total.cpu == pytest.approx(60)


def test_memory_and_requests_are_summed_over_all_processes() -> None:
    made = AppMeter("pulse")
    made.update(report(worker(rss=3, requests=1), worker(id=2, pid=2, rss=None, requests=2), rss=4), 0.0, NOW)
    assert (made.total.rss, made.total.requests) == (7, 3)


def test_a_worker_with_a_new_process_starts_to_be_measured_anew() -> None:
    made = meter(2)
    made.update(report(worker(pid=4800, cpu=0.1)), 2.0, NOW)
    assert made.workers[1].cpu is None
    made.update(report(worker(pid=4800, cpu=0.2)), 3.0, NOW)
    assert made.workers[1].cpu == pytest.approx(10)


def test_curves_keep_two_minutes() -> None:
    made = meter(3 * KEPT)
    assert len(made.total.cpu_curve) == len(made.workers[1].rss_curve) == KEPT


def test_an_app_that_does_not_answer_is_called_silent() -> None:
    made = meter()
    made.update(None, 2.0, NOW)
    assert made.as_fields()["state"] == "silent"
    assert AppMeter("new").as_fields()["pid"] is None


@pytest.mark.parametrize(
    ("values", "width", "squeezed"),
    [([], 60, []), ([1, 2, 3], 120, [1, 2, 3]), ([9, 1, 2, 3], 60, [9, 3]), ([1, 5, 2], 60, [1, 5])],
)
def test_a_narrow_curve_keeps_the_peaks(values: list[float], width: int, squeezed: list[float]) -> None:
    assert squeeze(values, width) == squeezed


def test_a_full_curve_fits_its_width() -> None:
    assert len(squeeze([1.0] * KEPT, 7)) <= 7


@pytest.mark.parametrize("width", [80, 120, 300])
def test_a_frame_fits_the_terminal_and_cuts_nothing(width: int) -> None:
    lines = drawn([meter(KEPT)], width)
    assert all(len(line) <= width for line in lines)
    assert not any("…" in line for line in lines)
    assert lines[1].split()[:8] == ["pulse", "ready", "4700", "62", "min", "0", "60.0", lines[1].split()[7]]
    assert "68.0 MiB" in lines[1]
    assert "  worker 1" in lines[2]
    assert any(bar in lines[2] for bar in "▄▅")


def test_a_terminal_too_narrow_for_curves_has_the_figures() -> None:
    assert "48.0 MiB" in drawn([meter()], 66)[2]


def test_without_an_app_the_frame_says_so() -> None:
    assert drawn([], 80) == ["no app is running"]
