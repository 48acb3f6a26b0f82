"""All workers of an app: what is done next, as a table, and what holds whatever happens, by random sequences."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from wesktopd.workers.pool import KILL_MARGIN, Action, Timeouts, WorkerPool
from wesktopd.workers.slot import SlotState, Transition, WorkerSlot

LIMITS = Timeouts(start_timeout=60, drain_timeout=5)
WATCHED = Timeouts(start_timeout=60, drain_timeout=5, hang_timeout=30, max_lifetime=3600)
NOW = 1000.0
LONG = 100_000.0


def pool(*workers: WorkerSlot, limits: Timeouts = LIMITS, running: bool = True) -> WorkerPool:
    return WorkerPool(limits, serving=1, coming=None, running=running, workers=[*workers], next_id=len(workers) + 1)


@pytest.mark.parametrize(
    ("worker", "running", "action", "ask_again"),
    [
        (WorkerSlot(state=SlotState.STOPPED), True, Action.SPAWN, None),
        (WorkerSlot(state=SlotState.STARTING, since=NOW), True, None, NOW + 60),
        (WorkerSlot(state=SlotState.STARTING, since=NOW - 60), True, Action.KILL, None),
        (WorkerSlot(state=SlotState.STARTING, since=NOW), False, Action.RETIRE, None),
        (WorkerSlot(state=SlotState.READY, since=NOW), True, None, None),
        (WorkerSlot(state=SlotState.READY, since=NOW), False, Action.RETIRE, None),
        (WorkerSlot(state=SlotState.BACKOFF, retry_at=NOW + 3), True, None, NOW + 3),
        (WorkerSlot(state=SlotState.BACKOFF, retry_at=NOW), True, Action.SPAWN, None),
        (WorkerSlot(state=SlotState.DRAINING, since=NOW), False, None, NOW + 5 + KILL_MARGIN),
        (WorkerSlot(state=SlotState.DRAINING, since=NOW - 6), False, Action.KILL, None),
        (WorkerSlot(state=SlotState.DRAINING, since=NOW, drains=False), False, None, NOW + KILL_MARGIN),
        (WorkerSlot(state=SlotState.DRAINING, since=NOW - 1, drains=False), False, Action.KILL, None),
        (WorkerSlot(state=SlotState.READY, generation=0), True, None, None),
    ],
)
def test_what_is_done_next(worker: WorkerSlot, running: bool, action: Action | None, ask_again: float | None) -> None:
    actions, wake_at = pool(worker, running=running).next_actions(NOW)
    assert ([done for done, _ in actions], wake_at) == ([action] if action else [], ask_again)


@pytest.mark.parametrize(
    ("worker", "action", "ask_again"),
    [
        (WorkerSlot(state=SlotState.READY, last_heartbeat=NOW, expires_at=NOW + 100), None, NOW + 30),
        (WorkerSlot(state=SlotState.READY, last_heartbeat=NOW, expires_at=NOW + 10), None, NOW + 10),
        (WorkerSlot(state=SlotState.READY, last_heartbeat=NOW - 30), Action.REPLACE_HUNG, None),
        (WorkerSlot(state=SlotState.READY, last_heartbeat=NOW, expires_at=NOW), Action.REPLACE, None),
        (WorkerSlot(state=SlotState.STARTING, since=NOW, last_heartbeat=NOW - 50), None, NOW + 60),
    ],
)
def test_a_worker_is_watched_while_it_serves(
    worker: WorkerSlot, action: Action | None, ask_again: float | None
) -> None:
    actions, wake_at = pool(worker, limits=WATCHED).next_actions(NOW)
    assert ([done for done, _ in actions], wake_at) == ([action] if action else [], ask_again)


@pytest.mark.parametrize(
    ("workers", "running", "shown"),
    [
        ([], True, True),
        ([WorkerSlot(state=SlotState.STARTING, last_heartbeat=NOW - 100)], True, True),
        ([WorkerSlot(state=SlotState.BACKOFF)], True, True),
        ([WorkerSlot(state=SlotState.READY, last_heartbeat=NOW)], True, True),
        ([WorkerSlot(state=SlotState.READY, last_heartbeat=NOW - 10)], True, False),
        (
            [
                WorkerSlot(state=SlotState.READY, last_heartbeat=NOW - 10),
                WorkerSlot(id=2, state=SlotState.READY, last_heartbeat=NOW - 1),
            ],
            True,
            True,
        ),
        (
            [WorkerSlot(state=SlotState.READY, last_heartbeat=NOW - 10), WorkerSlot(id=2, state=SlotState.STARTING)],
            True,
            False,
        ),
        ([WorkerSlot(state=SlotState.DRAINING, last_heartbeat=NOW - 10)], True, True),
        ([WorkerSlot(state=SlotState.READY, last_heartbeat=NOW - 10)], False, True),
    ],
)
def test_life_is_shown_while_a_loop_that_serves_runs(workers: list[WorkerSlot], running: bool, shown: bool) -> None:
    assert pool(*workers, running=running).is_responsive(NOW, 10) == shown


SLEPT = 500.0


@pytest.mark.parametrize(
    "worker",
    [
        WorkerSlot(state=SlotState.STARTING, since=NOW - 10),
        WorkerSlot(state=SlotState.READY, since=NOW - 10, last_heartbeat=NOW - 10, expires_at=NOW + 100),
        WorkerSlot(state=SlotState.READY, since=NOW - 10, last_heartbeat=NOW, expires_at=NOW + 10),
        WorkerSlot(state=SlotState.DRAINING, since=NOW - 1),
        WorkerSlot(state=SlotState.DRAINING, since=NOW - 0.1, drains=False),
        WorkerSlot(state=SlotState.BACKOFF, since=NOW - 10, retry_at=NOW + 3),
    ],
)
def test_after_a_standstill_each_deadline_is_as_far_away_as_it_was_before(worker: WorkerSlot) -> None:
    app = pool(worker, limits=WATCHED)
    actions, wake_at = app.next_actions(NOW)
    assert actions == []
    assert wake_at is not None
    assert app.next_actions(NOW + SLEPT)[0] != []
    app.stood_still(NOW, NOW + SLEPT)
    assert app.next_actions(NOW + SLEPT) == ([], wake_at + SLEPT)


@pytest.mark.parametrize(
    ("state", "event"),
    [
        (SlotState.READY, Transition.STOP),
        (SlotState.READY, Transition.EXITED),
        (SlotState.STARTING, Transition.READY),
    ],
)
def test_what_happens_when_a_standstill_is_over_but_not_noticed_yet_is_put_off_by_nothing(
    state: SlotState, event: Transition
) -> None:
    worker = WorkerSlot(state=state, since=NOW - 10, failures=3)
    app = pool(worker, limits=WATCHED)
    if event is Transition.READY:
        app.is_ready(worker, NOW + SLEPT)
    else:
        worker.advance(event, NOW + SLEPT)
    before = app.next_actions(NOW + SLEPT)
    app.stood_still(NOW, NOW + SLEPT)
    assert app.next_actions(NOW + SLEPT) == before


def test_a_worker_that_was_heard_of_just_after_a_standstill_is_not_taken_for_heard_later_than_now() -> None:
    worker = WorkerSlot(state=SlotState.READY, since=NOW - 10, last_heartbeat=NOW + SLEPT - 1)
    pool(worker, limits=WATCHED).stood_still(NOW, NOW + SLEPT)
    assert worker.last_heartbeat == NOW + SLEPT


@pytest.mark.parametrize("state", [SlotState.STARTING, SlotState.DRAINING])
def test_a_worker_that_was_killed_and_has_not_ended_yet_is_waited_for(state: SlotState) -> None:
    killed = pool(WorkerSlot(state=state, since=NOW - LONG, killed=True))
    assert killed.next_actions(NOW) == ([], None)


def test_the_process_that_comes_after_a_killed_one_can_be_killed_too() -> None:
    worker = WorkerSlot(state=SlotState.STARTING, since=NOW, killed=True)
    app = pool(worker)
    app.has_ended(worker, NOW)
    worker.advance(Transition.SPAWNED, NOW)
    assert app.next_actions(NOW + LIMITS.start_timeout)[0] == [(Action.KILL, worker)]


def test_a_worker_that_leaves_stays_until_another_serves_in_its_place() -> None:
    old = WorkerSlot(state=SlotState.READY, leaving=True)
    app = pool(old)
    app.reconcile_slots()
    assert [action for action, _ in app.next_actions(NOW)[0]] == [Action.SPAWN]
    new = app.workers[1]
    new.advance(Transition.SPAWNED, NOW)
    assert app.next_actions(NOW)[0] == []
    app.is_ready(new, NOW)
    assert app.next_actions(NOW)[0] == [(Action.RETIRE, old)]


@pytest.mark.parametrize(
    ("serving", "accepts", "taken_over"), [(1, True, False), (2, True, False), (2, False, True), (3, False, True)]
)
def test_a_generation_has_taken_over_when_no_older_one_accepts(serving: int, accepts: bool, taken_over: bool) -> None:
    old = WorkerSlot(generation=1, state=SlotState.DRAINING, accepts=accepts)
    app = pool(old, WorkerSlot(generation=2, state=SlotState.READY, accepts=True))
    app.serving = serving
    assert app.taken_over(2) is taken_over


def test_a_generation_serves_when_all_of_its_workers_are_ready() -> None:
    app = pool(WorkerSlot(state=SlotState.READY), WorkerSlot(id=2, state=SlotState.READY))
    app.wanted, app.coming = 2, 2
    app.reconcile_slots()
    coming = [worker for worker in app.workers if worker.generation == 2]
    serving = []
    for worker in coming:
        worker.advance(Transition.SPAWNED, NOW)
        app.is_ready(worker, NOW)
        app.reconcile_slots()
        serving.append(app.serving)
    assert serving == [1, 2]


@pytest.mark.parametrize("last", [Transition.EXITED, Transition.STOP])
def test_a_worker_accepts_from_when_it_is_ready_until_it_says_so_or_has_ended(last: Transition) -> None:
    worker = WorkerSlot()
    accepts = []
    for event in (Transition.SPAWNED, Transition.READY, last):
        worker.advance(event, NOW)
        accepts.append(worker.accepts)
    assert accepts == [False, True, last is Transition.STOP]


def test_fewer_workers_keep_those_that_serve() -> None:
    starting, serving = WorkerSlot(id=1, state=SlotState.STARTING, since=NOW), WorkerSlot(id=2, state=SlotState.READY)
    app = pool(starting, serving)
    app.reconcile_slots()
    assert app.next_actions(NOW)[0] == [(Action.RETIRE, starting)]


def test_a_restart_that_is_superseded_is_retired_for_the_next() -> None:
    serving = WorkerSlot(state=SlotState.READY)
    app = pool(serving)
    app.restart()
    app.reconcile_slots()
    first = app.workers[1]
    first.advance(Transition.SPAWNED, NOW)
    app.restart()
    app.reconcile_slots()
    actions = app.next_actions(NOW)[0]
    assert (Action.RETIRE, first) in actions
    assert [worker.generation for action, worker in actions if action is Action.SPAWN] == [app.coming]
    assert (Action.RETIRE, serving) not in actions


class AnyLife(RuleBasedStateMachine):
    """Whatever is asked for and whatever happens to the workers, in any order; a supervisor in small, without I/O."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.pool = WorkerPool(WATCHED, wanted=2)
        self.asked = 1
        self.able_before = False

    def reconcile(self) -> None:
        """As the supervisor does: until there is nothing more to be done now."""
        for _ in range(100):
            self.pool.reconcile_slots()
            actions, _ = self.pool.next_actions(self.now)
            if not actions:
                return
            for action, worker in actions:
                self.carry_out(action, worker)
        raise AssertionError(f"no rest: {actions}")

    def carry_out(self, action: Action, worker: WorkerSlot) -> None:
        ready_before = len(self.pool.ready())
        match action:
            case Action.SPAWN:
                worker.advance(Transition.SPAWNED, self.now)
            case Action.RETIRE:
                last = worker.state is SlotState.READY and ready_before == 1 and not worker.hung
                assert not (last and self.pool.running), "the last one that was able was retired"
                worker.advance(Transition.STOP, self.now)
            case Action.REPLACE:
                self.pool.replace(worker)
            case Action.REPLACE_HUNG:
                worker.hung = worker.leaving = True
                worker.advance(Transition.STOP, self.now)
            case Action.KILL:
                self.end(worker)

    def end(self, worker: WorkerSlot) -> None:
        self.pool.has_ended(worker, self.now)
        if not self.pool.serving and not self.pool.coming:
            self.pool.running = False  # the first generation did not start: the app ends

    def some(self, data: st.DataObject, *states: SlotState) -> WorkerSlot | None:
        found = [worker for worker in self.pool.workers if worker.state in states]
        return data.draw(st.sampled_from(found)) if found else None

    @rule()
    @precondition(lambda self: self.pool.running)
    def restart(self) -> None:
        self.asked = self.pool.restart()
        self.reconcile()

    @rule(wanted=st.integers(1, 4))
    def scale(self, wanted: int) -> None:
        self.pool.wanted = wanted
        self.reconcile()

    @rule(data=st.data())
    def becomes_ready(self, data: st.DataObject) -> None:
        if worker := self.some(data, SlotState.STARTING):
            self.pool.is_ready(worker, self.now)
            self.reconcile()

    @rule(data=st.data())
    def ends(self, data: st.DataObject) -> None:
        if worker := self.some(data, SlotState.STARTING, SlotState.READY, SlotState.DRAINING):
            self.end(worker)
            self.reconcile()

    @rule(seconds=st.sampled_from([0.05, 1.0, 31.0, 61.0, 4000.0]), data=st.data())
    def time_passes(self, seconds: float, data: st.DataObject) -> None:
        self.now += seconds
        for worker in self.pool.ready():
            if data.draw(st.booleans()):
                worker.last_heartbeat = self.now
        self.reconcile()

    @rule()
    def stop(self) -> None:
        self.pool.running = False
        self.reconcile()

    @invariant()
    def no_more_than_two_generations_and_those_that_drain(self) -> None:
        going = {worker.generation for worker in self.pool.workers if worker.state is not SlotState.DRAINING}
        if self.pool.ready(self.pool.serving):
            assert going <= {self.pool.serving, self.pool.coming}

    def teardown(self) -> None:
        """From wherever it has come to: if now all goes well, everything that was asked for comes to be."""
        for _ in range(50):
            self.now += 40
            for worker in [*self.pool.workers]:
                if worker.state is SlotState.STARTING:
                    self.pool.is_ready(worker, self.now)
                elif worker.state is SlotState.DRAINING:
                    self.pool.has_ended(worker, self.now)
                worker.last_heartbeat = self.now
            self.reconcile()
        states = [(worker.generation, worker.state) for worker in self.pool.workers]
        if self.pool.running:
            assert states == [(self.pool.serving, SlotState.READY)] * self.pool.wanted
            assert self.pool.coming is None
        else:
            assert states == []


AnyLife.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestAnyLife = AnyLife.TestCase
