"""Reports as words, tables and JSON."""

from typing import Any

import click
import msgspec
import pytest

from cli.made import NOW, report, worker
from wesktop.cli.ctl.reports import apps_table, as_entry, as_fields, as_lines, ready_workers, state_of
from wesktopd.wire.control_messages import Report, WorkerReport

BACKOFF = worker(id=2, state="backoff", pid=None, age=None, rss=None, cpu=None, requests=None, restarts=3,
                 last_exit="killed by SIGSEGV", retry_in=3.21)  # fmt: skip


def text_of(made: Report, installed: str = "0.1.0") -> str:
    return click.unstyle("\n".join(as_lines(made, NOW, installed)))


@pytest.mark.parametrize(
    ("made", "state", "ready"),
    [
        (report(), "ready", 1),
        (report(worker(), BACKOFF), "degraded", 1),
        (report(BACKOFF), "down", 0),
        (report(worker(state="starting", generation=1), generation=0), "starting", 0),
        (report(worker(), worker(id=2, state="starting", generation=2), wanted=1, restarting=True), "restarting", 1),
        (report(worker(), worker(id=2, generation=2), wanted=1, restarting=True), "restarting", 1),
        (report(worker(leaving=True), worker(id=2, generation=2), wanted=1, generation=2), "ready", 1),
        (report(stopping=True), "stopping", 1),
        (report(worker(state="failed")), "down", 0),
    ],
)
def test_an_app_has_one_state(made: Report, state: str, ready: int) -> None:
    assert (state_of(made), ready_workers(made)) == (state, ready)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "url           http://127.0.0.1:8000"),
        ({}, "supervisor    pid 4700, up 60 min, 20.0 MiB, CPU 0.5 s"),
        ({"windows": 2}, "windows       2"),
        ({"one_shot": True}, "keep-alive    no: ends with its last window"),
        ({"one_shot": False}, "keep-alive    yes: goes on without a window"),
        ({"idle_timeout": 600.0}, "idle timeout  10 min"),
        ({}, "config file   /home/ada/.config/wesktop/pulse.toml"),
        ({"log_file": None}, "log file      none"),
        ({"pid_path": "/run/pulse.pid"}, "PID file      /run/pulse.pid"),
        ({"release": "0.0.9"}, "release       0.0.9, 0.1.0 is installed: `wesktop ctl upgrade pulse`"),
        ({"trouble": "it broke\nTraceback\n  why"}, "  trouble: it broke\n    Traceback\n      why\n"),
        ({"url": "http://x/\x1b[2J"}, "http://x/\\x1b[2J"),
        ({"name": "pulse\x1b[2J"}, "pulse\\x1b[2J"),
        ({"name": "pulse\x9b2J", "release": "0.0.9"}, "`wesktop ctl upgrade pulse\\x9b2J`"),
    ],
)
def test_status_shows_what_is_known_of_the_app(facts: dict[str, Any], said: str) -> None:
    assert said in text_of(report(**facts))


@pytest.mark.parametrize("installed", ["0.1.0", ""])
def test_no_upgrade_is_suggested_where_there_is_none_or_it_cannot_be_told(installed: str) -> None:
    assert "upgrade" not in text_of(report(), installed)


def test_status_shows_every_worker_in_a_row_of_its_own() -> None:
    *_, header, first, second = text_of(report(worker(), BACKOFF)).splitlines()
    assert header.split("  ")[-1] == "LAST EXIT"
    assert first.split() == ["1", "ready", "4711", "1", "61", "s", "48.0", "MiB", "1.2", "s", "0", "0", "-"]
    assert second.split() == [
        *("2", "backoff", "-", "1", "-", "-", "-", "-", "3", "killed", "by", "SIGSEGV,"),
        *("next", "try", "in", "3.2", "s"),
    ]
    assert first.index("4711") + 3 == second.index("-") == header.index("PID") + 2


def test_a_worker_that_is_being_replaced_is_marked() -> None:
    assert "ready (leaving)" in text_of(report(worker(leaving=True)))
    assert "(leaving)" not in text_of(report(worker(state="draining", leaving=True)))


def test_the_json_has_every_field_but_the_internal_ones() -> None:
    made = report(worker(), BACKOFF)
    fields = as_fields(made)
    assert {*fields} == {*Report.__struct_fields__, "state"} - {"id", "import_path"}
    assert {*fields["workers"][0]} == {*WorkerReport.__struct_fields__}
    assert msgspec.json.decode(msgspec.json.encode(fields)) == fields


@pytest.mark.parametrize(
    ("made", "running", "state"), [(report(), True, "ready"), (None, True, "silent"), (None, False, "stopped")]
)
def test_every_entry_of_a_list_has_the_same_fields(made: Report | None, running: bool, state: str) -> None:
    entry = as_entry("pulse", made, running=running)
    assert [*entry] == [*as_entry("other", report(), running=True)]
    assert (entry["running"], entry["state"]) == (running, state)


def test_the_list_is_a_table() -> None:
    entries = [as_entry("pulse", report(), running=True), as_entry("hung", None, running=True)]
    assert [click.unstyle(line) for line in apps_table(entries, NOW)] == [
        "NAME   STATE   WORKERS  WINDOWS  UPTIME  URL",
        "pulse  ready       1/1        0  60 min  http://127.0.0.1:8000",
        "hung   silent        -        -       -  -",
    ]
