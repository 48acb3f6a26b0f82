"""What `make audit` makes of the answers that it gets; a service that knows nothing is not one that found nothing."""

import json
from typing import Any

import pytest

from scripts.audit import pinned, understood, verdict

CLEAN = {"name": "a", "version": "1.0", "vulns": []}
FLAWED = {"name": "b", "version": "2.0", "vulns": [{"id": "CVE-1", "fix_versions": ["2.1", "3.0"]}]}
UNMENDED = {"name": "c", "version": "2.0", "vulns": [{"id": "CVE-2", "fix_versions": []}]}
SKIPPED = {"name": "d", "skip_reason": "Dependency not found"}


@pytest.mark.parametrize(
    ("dependencies", "code", "said"),
    [
        ([CLEAN], 0, "audit: nothing is known against any of 1 packages."),
        ([CLEAN, FLAWED], 1, "audit: b 2.0: CVE-1, mended in 2.1, 3.0"),
        ([UNMENDED, SKIPPED], 1, "audit: c 2.0: CVE-2, mended in no release"),
        ([CLEAN, SKIPPED], 3, "audit: the advisory service does not know d: not everything was checked."),
        (None, 3, "audit: no advisory service has answered: nothing was checked."),
    ],
)
def test_the_answers_have_three_outcomes(dependencies: list[Any] | None, code: int, said: str) -> None:
    report = None if dependencies is None else {"dependencies": dependencies}
    assert verdict(report, len(dependencies or [])) == (code, said)


@pytest.mark.parametrize(
    ("said", "errors", "trouble"),
    [
        (json.dumps({"dependencies": [CLEAN, SKIPPED]}), "WARNING: a\n", ""),
        (
            json.dumps({"dependencies": [SKIPPED]}),
            "No known flaws\n",
            "it knows none of these packages.",
        ),
        ("", "Traceback (most recent call last):\nConnectionError: no such host\n", "ConnectionError: no such host"),
        ("", "", "pip-audit says nothing."),
    ],
)
def test_a_service_that_has_not_answered_says_why(said: str, errors: str, trouble: str) -> None:
    assert understood(said, errors)[1] == trouble


def test_wesktop_itself_is_not_asked_for() -> None:
    report = {"install": [{"metadata": {"name": name, "version": "1"}} for name in ("wesktop", "QtPy", "granian")]}
    assert pinned(report) == ["granian==1", "qtpy==1"]
