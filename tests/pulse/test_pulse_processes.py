"""Pulse's table: its order, and what it says of a process that is known."""

import os
from collections.abc import Iterator

import pytest

from examples.pulse.app import app
from examples.pulse.processes import SORTS, Row, arrange, read_rows
from wesktop.testing import TestClient

ROWS = [
    Row(pid=30, name="bash", user="ann", cpu=1.0, memory=500, threads=1, state="sleeping", started=3.0),
    Row(pid=10, name="Xorg", user="root", cpu=9.5, memory=900, threads=8, state="running", started=1.0),
    Row(pid=20, name="cron", user="root", cpu=0.0, memory=100, threads=1, state="idle", started=2.0),
]


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


@pytest.mark.parametrize(
    ("sort", "descending", "pids"),
    [
        ("name", None, [30, 20, 10]),
        ("name", True, [10, 20, 30]),
        ("pid", None, [10, 20, 30]),
        ("user", None, [30, 10, 20]),
        ("cpu", None, [10, 30, 20]),
        ("cpu", False, [20, 30, 10]),
        ("memory", None, [10, 30, 20]),
        ("threads", None, [10, 20, 30]),
        ("threads", False, [20, 30, 10]),
        ("state", None, [20, 10, 30]),
    ],
)
def test_rows_are_sorted_and_equal_ones_by_pid(sort: str, descending: bool | None, pids: list[int]) -> None:
    assert [row.pid for row in arrange(ROWS, sort, descending)] == pids


def test_this_process_is_in_the_table() -> None:
    (me,) = [row for row in read_rows() if row.pid == os.getpid()]
    assert me.memory > 1_000_000
    assert me.threads >= 1
    assert me.user


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_answer_is_sorted_by_each_column(client: TestClient, sort: str, order: str) -> None:
    rows = client.get("/api/processes", params={"sort": sort, "order": order}).json()
    values = [row[sort].casefold() if isinstance(row[sort], str) else row[sort] for row in rows]
    assert len(values) > 1
    assert values == sorted(values, reverse=order == "desc")


def test_busiest_process_comes_first_unless_asked_otherwise(client: TestClient) -> None:
    rows = client.get("/api/processes").json()
    assert rows[0]["cpu"] == max(row["cpu"] for row in rows)


@pytest.mark.parametrize("query", ["sort=colour", "sort=", "order=up"])
def test_unknown_order_is_the_clients_mistake(client: TestClient, query: str) -> None:
    answer = client.get(f"/api/processes?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]
