"""What `make audit` makes of the answers that it gets; a service that knows nothing is not one that found nothing."""

from typing import Any

import pytest

from scripts.audit import audited, pinned, verdict

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
        (None, 3, "audit: no advisory service can be reached from here: nothing was checked."),
    ],
)
def test_the_answers_have_three_outcomes(dependencies: list[Any] | None, code: int, said: str) -> None:
    report = None if dependencies is None else {"dependencies": dependencies}
    assert verdict(report, len(dependencies or [])) == (code, said)


def test_a_service_that_knows_none_has_not_answered() -> None:
    assert audited({"dependencies": [SKIPPED]}) == []


def test_wesktop_itself_is_not_asked_for() -> None:
    report = {"install": [{"metadata": {"name": name, "version": "1"}} for name in ("wesktop", "QtPy", "granian")]}
    assert pinned(report) == ["granian==1", "qtpy==1"]
