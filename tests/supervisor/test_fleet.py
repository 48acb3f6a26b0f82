"""All workers of an app: what is done next, as a table, and what holds whatever happens, by random sequences."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from wesktopd.workers.pool import KILL_MARGIN, Act, Fleet, Limits
from wesktopd.workers.worker_state import Event, State, Worker

LIMITS = Limits(start_timeout=60, drain_timeout=5)
WATCHED = Limits(start_timeout=60, drain_timeout=5, hang_timeout=30, max_lifetime=3600)
NOW = 1000.0
LONG = 100_000.0


def fleet(*workers: Worker, limits: Limits = LIMITS, running: bool = True) -> Fleet:
    return Fleet(limits, serving=1, coming=None, running=running, workers=[*workers], next_id=len(workers) + 1)


@pytest.mark.parametrize(
    ("worker", "running", "act", "ask_again"),
    [
        (Worker(state=State.STOPPED), True, Act.SPAWN, None),
        (Worker(state=State.STARTING, since=NOW), True, None, NOW + 60),
        (Worker(state=State.STARTING, since=NOW - 60), True, Act.KILL, None),
        (Worker(state=State.STARTING, since=NOW), False, Act.RETIRE, None),
        (Worker(state=State.READY, since=NOW), True, None, None),
        (Worker(state=State.READY, since=NOW), False, Act.RETIRE, None),
        (Worker(state=State.BACKOFF, retry_at=NOW + 3), True, None, NOW + 3),
        (Worker(state=State.BACKOFF, retry_at=NOW), True, Act.SPAWN, None),
        (Worker(state=State.DRAINING, since=NOW), False, None, NOW + 5 + KILL_MARGIN),
        (Worker(state=State.DRAINING, since=NOW - 6), False, Act.KILL, None),
        (Worker(state=State.DRAINING, since=NOW, drains=False), False, None, NOW + KILL_MARGIN),
        (Worker(state=State.DRAINING, since=NOW - 1, drains=False), False, Act.KILL, None),
        (Worker(state=State.READY, generation=0), True, None, None),
    ],
)
def test_what_is_done_next(worker: Worker, running: bool, act: Act | None, ask_again: float | None) -> None:
    acts, wake_at = fleet(worker, running=running).plan(NOW)
    assert ([done for done, _ in acts], wake_at) == ([act] if act else [], ask_again)


@pytest.mark.parametrize(
    ("worker", "act", "ask_again"),
    [
        (Worker(state=State.READY, heard=NOW, expires_at=NOW + 100), None, NOW + 30),
        (Worker(state=State.READY, heard=NOW, expires_at=NOW + 10), None, NOW + 10),
        (Worker(state=State.READY, heard=NOW - 30), Act.UNHANG, None),
        (Worker(state=State.READY, heard=NOW, expires_at=NOW), Act.REPLACE, None),
        (Worker(state=State.STARTING, since=NOW, heard=NOW - 50), None, NOW + 60),
    ],
)
def test_a_worker_is_watched_while_it_serves(worker: Worker, act: Act | None, ask_again: float | None) -> None:
    acts, wake_at = fleet(worker, limits=WATCHED).plan(NOW)
    assert ([done for done, _ in acts], wake_at) == ([act] if act else [], ask_again)


@pytest.mark.parametrize(
    ("workers", "running", "shown"),
    [
        ([], True, True),
        ([Worker(state=State.STARTING, heard=NOW - 100)], True, True),
        ([Worker(state=State.BACKOFF)], True, True),
        ([Worker(state=State.READY, heard=NOW)], True, True),
        ([Worker(state=State.READY, heard=NOW - 10)], True, False),
        ([Worker(state=State.READY, heard=NOW - 10), Worker(id=2, state=State.READY, heard=NOW - 1)], True, True),
        ([Worker(state=State.READY, heard=NOW - 10), Worker(id=2, state=State.STARTING)], True, False),
        ([Worker(state=State.DRAINING, heard=NOW - 10)], True, True),
        ([Worker(state=State.READY, heard=NOW - 10)], False, True),
    ],
)
def test_life_is_shown_while_a_loop_that_serves_runs(workers: list[Worker], running: bool, shown: bool) -> None:
    assert fleet(*workers, running=running).shows_life(NOW, 10) == shown


SLEPT = 500.0


@pytest.mark.parametrize(
    "worker",
    [
        Worker(state=State.STARTING, since=NOW - 10),
        Worker(state=State.READY, since=NOW - 10, heard=NOW - 10, expires_at=NOW + 100),
        Worker(state=State.READY, since=NOW - 10, heard=NOW, expires_at=NOW + 10),
        Worker(state=State.DRAINING, since=NOW - 1),
        Worker(state=State.DRAINING, since=NOW - 0.1, drains=False),
        Worker(state=State.BACKOFF, since=NOW - 10, retry_at=NOW + 3),
    ],
)
def test_after_a_standstill_each_deadline_is_as_far_away_as_it_was_before(worker: Worker) -> None:
    app = fleet(worker, limits=WATCHED)
    acts, wake_at = app.plan(NOW)
    assert acts == []
    assert wake_at is not None
    assert app.plan(NOW + SLEPT)[0] != []
    app.stood_still(NOW, NOW + SLEPT)
    assert app.plan(NOW + SLEPT) == ([], wake_at + SLEPT)


@pytest.mark.parametrize(
    ("state", "event"), [(State.READY, Event.STOP), (State.READY, Event.EXITED), (State.STARTING, Event.READY)]
)
def test_what_happens_when_a_standstill_is_over_but_not_noticed_yet_is_put_off_by_nothing(
    state: State, event: Event
) -> None:
    worker = Worker(state=state, since=NOW - 10, failures=3)
    app = fleet(worker, limits=WATCHED)
    if event is Event.READY:
        app.is_ready(worker, NOW + SLEPT)
    else:
        worker.advance(event, NOW + SLEPT)
    before = app.plan(NOW + SLEPT)
    app.stood_still(NOW, NOW + SLEPT)
    assert app.plan(NOW + SLEPT) == before


def test_a_worker_that_was_heard_of_just_after_a_standstill_is_not_taken_for_heard_later_than_now() -> None:
    worker = Worker(state=State.READY, since=NOW - 10, heard=NOW + SLEPT - 1)
    fleet(worker, limits=WATCHED).stood_still(NOW, NOW + SLEPT)
    assert worker.heard == NOW + SLEPT


@pytest.mark.parametrize("state", [State.STARTING, State.DRAINING])
def test_a_worker_that_was_killed_and_has_not_ended_yet_is_waited_for(state: State) -> None:
    killed = fleet(Worker(state=state, since=NOW - LONG, killed=True))
    assert killed.plan(NOW) == ([], None)


def test_the_process_that_comes_after_a_killed_one_can_be_killed_too() -> None:
    worker = Worker(state=State.STARTING, since=NOW, killed=True)
    app = fleet(worker)
    app.has_ended(worker, NOW)
    worker.advance(Event.SPAWNED, NOW)
    assert app.plan(NOW + LIMITS.start_timeout)[0] == [(Act.KILL, worker)]


def test_a_worker_that_leaves_stays_until_another_serves_in_its_place() -> None:
    old = Worker(state=State.READY, leaving=True)
    app = fleet(old)
    app.arrange()
    assert [act for act, _ in app.plan(NOW)[0]] == [Act.SPAWN]
    new = app.workers[1]
    new.advance(Event.SPAWNED, NOW)
    assert app.plan(NOW)[0] == []
    app.is_ready(new, NOW)
    assert app.plan(NOW)[0] == [(Act.RETIRE, old)]


@pytest.mark.parametrize(
    ("serving", "accepts", "taken_over"), [(1, True, False), (2, True, False), (2, False, True), (3, False, True)]
)
def test_a_generation_has_taken_over_when_no_older_one_accepts(serving: int, accepts: bool, taken_over: bool) -> None:
    old = Worker(generation=1, state=State.DRAINING, accepts=accepts)
    app = fleet(old, Worker(generation=2, state=State.READY, accepts=True))
    app.serving = serving
    assert app.taken_over(2) is taken_over


def test_a_generation_serves_when_all_of_its_workers_are_ready() -> None:
    app = fleet(Worker(state=State.READY), Worker(id=2, state=State.READY))
    app.wanted, app.coming = 2, 2
    app.arrange()
    coming = [worker for worker in app.workers if worker.generation == 2]
    serving = []
    for worker in coming:
        worker.advance(Event.SPAWNED, NOW)
        app.is_ready(worker, NOW)
        app.arrange()
        serving.append(app.serving)
    assert serving == [1, 2]


@pytest.mark.parametrize("last", [Event.EXITED, Event.STOP])
def test_a_worker_accepts_from_when_it_is_ready_until_it_says_so_or_has_ended(last: Event) -> None:
    worker = Worker()
    accepts = []
    for event in (Event.SPAWNED, Event.READY, last):
        worker.advance(event, NOW)
        accepts.append(worker.accepts)
    assert accepts == [False, True, last is Event.STOP]


def test_fewer_workers_keep_those_that_serve() -> None:
    starting, serving = Worker(id=1, state=State.STARTING, since=NOW), Worker(id=2, state=State.READY)
    app = fleet(starting, serving)
    app.arrange()
    assert app.plan(NOW)[0] == [(Act.RETIRE, starting)]


def test_a_restart_that_is_superseded_is_retired_for_the_next() -> None:
    serving = Worker(state=State.READY)
    app = fleet(serving)
    app.restart()
    app.arrange()
    first = app.workers[1]
    first.advance(Event.SPAWNED, NOW)
    app.restart()
    app.arrange()
    acts = app.plan(NOW)[0]
    assert (Act.RETIRE, first) in acts
    assert [worker.generation for act, worker in acts if act is Act.SPAWN] == [app.coming]
    assert (Act.RETIRE, serving) not in acts


class AnyLife(RuleBasedStateMachine):
    """Whatever is asked for and whatever happens to the workers, in any order; a supervisor in small, without I/O."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.fleet = Fleet(WATCHED, wanted=2)
        self.asked = 1
        self.able_before = False

    def reconcile(self) -> None:
        """As the supervisor does: until there is nothing more to be done now."""
        for _ in range(100):
            self.fleet.arrange()
            acts, _ = self.fleet.plan(self.now)
            if not acts:
                return
            for act, worker in acts:
                self.carry_out(act, worker)
        raise AssertionError(f"no rest: {acts}")

    def carry_out(self, act: Act, worker: Worker) -> None:
        ready_before = len(self.fleet.ready())
        match act:
            case Act.SPAWN:
                worker.advance(Event.SPAWNED, self.now)
            case Act.RETIRE:
                last = worker.state is State.READY and ready_before == 1 and not worker.hung
                assert not (last and self.fleet.running), "the last one that was able was retired"
                worker.advance(Event.STOP, self.now)
            case Act.REPLACE:
                self.fleet.replace(worker)
            case Act.UNHANG:
                worker.hung = worker.leaving = True
                worker.advance(Event.STOP, self.now)
            case Act.KILL:
                self.end(worker)

    def end(self, worker: Worker) -> None:
        self.fleet.has_ended(worker, self.now)
        if not self.fleet.serving and not self.fleet.coming:
            self.fleet.running = False  # the first generation did not start: the app ends

    def some(self, data: st.DataObject, *states: State) -> Worker | None:
        found = [worker for worker in self.fleet.workers if worker.state in states]
        return data.draw(st.sampled_from(found)) if found else None

    @rule()
    @precondition(lambda self: self.fleet.running)
    def restart(self) -> None:
        self.asked = self.fleet.restart()
        self.reconcile()

    @rule(wanted=st.integers(1, 4))
    def scale(self, wanted: int) -> None:
        self.fleet.wanted = wanted
        self.reconcile()

    @rule(data=st.data())
    def becomes_ready(self, data: st.DataObject) -> None:
        if worker := self.some(data, State.STARTING):
            self.fleet.is_ready(worker, self.now)
            self.reconcile()

    @rule(data=st.data())
    def ends(self, data: st.DataObject) -> None:
        if worker := self.some(data, State.STARTING, State.READY, State.DRAINING):
            self.end(worker)
            self.reconcile()

    @rule(seconds=st.sampled_from([0.05, 1.0, 31.0, 61.0, 4000.0]), data=st.data())
    def time_passes(self, seconds: float, data: st.DataObject) -> None:
        self.now += seconds
        for worker in self.fleet.ready():
            if data.draw(st.booleans()):
                worker.heard = self.now
        self.reconcile()

    @rule()
    def stop(self) -> None:
        self.fleet.running = False
        self.reconcile()

    @invariant()
    def no_more_than_two_generations_and_those_that_drain(self) -> None:
        going = {worker.generation for worker in self.fleet.workers if worker.state is not State.DRAINING}
        if self.fleet.ready(self.fleet.serving):
            assert going <= {self.fleet.serving, self.fleet.coming}

    def teardown(self) -> None:
        """From wherever it has come to: if now all goes well, everything that was asked for comes to be."""
        for _ in range(50):
            self.now += 40
            for worker in [*self.fleet.workers]:
                if worker.state is State.STARTING:
                    self.fleet.is_ready(worker, self.now)
                elif worker.state is State.DRAINING:
                    self.fleet.has_ended(worker, self.now)
                worker.heard = self.now
            self.reconcile()
        states = [(worker.generation, worker.state) for worker in self.fleet.workers]
        if self.fleet.running:
            assert states == [(self.fleet.serving, State.READY)] * self.fleet.wanted
            assert self.fleet.coming is None
        else:
            assert states == []


AnyLife.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestAnyLife = AnyLife.TestCase
