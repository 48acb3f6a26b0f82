"""What is made of the end of a window's process: a table."""

import signal

import pytest

from wesktop.window.opening.process_end import window_error


@pytest.mark.parametrize(
    ("code", "opened", "said"),
    [
        (0, True, None),
        (0, False, "before it had opened a window (exit code 0)"),
        (1, True, "while its window was open (exit code 1)"),
        (1, False, "before it had opened a window (exit code 1)"),
        (-signal.SIGTERM, True, None),
        (-signal.SIGTERM, False, None),
        (-signal.SIGHUP, True, None),
        (-signal.SIGINT, True, None),
        (-signal.SIGKILL, True, "while its window was open (killed by SIGKILL)"),
        (-signal.SIGKILL, False, "before it had opened a window (killed by SIGKILL)"),
        (-signal.SIGSEGV, True, "while its window was open (killed by SIGSEGV)"),
        (-40, True, "while its window was open (killed by signal 40)"),
    ],
)
def test_only_a_window_that_was_closed_or_asked_to_end_has_ended_well(
    code: int, opened: bool, said: str | None
) -> None:
    error = window_error(code, opened=opened)
    assert (error and error.message) == (said and f"the window's process ended {said}: `wesktop doctor` may say why.")
