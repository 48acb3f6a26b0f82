"""The lists of mutants fit the tree, and what runs them tells the outcomes apart."""

import re
from pathlib import Path

import pytest

from scripts.mutants import LISTS, ROOT, Mutant, Tree, choose, judge, read_lists, run_all
from support.scripts import running_from

CODE = "def limit():\n    return 5\n"
TEST = """
import subprocess, sys, time
from wesktop.made import limit

def test_limit():
    if limit() > 100:
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
        time.sleep(600)
    assert limit() < 9
"""
LONG = 200.0  # seconds, within which everything but what hangs ends
MUTANTS = read_lists(ROOT / LISTS)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A project of one function and its test."""
    (tmp_path / "wesktop").mkdir()
    (tmp_path / "wesktop/made.py").write_text(CODE)
    (tmp_path / "test_made.py").write_text(TEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:randomly\n")
    return tmp_path


def made(name: str, new: str, old: str = "return 5", test: str = "test_made.py") -> Mutant:
    """A mutant of that project."""
    return Mutant("made", name, "wesktop/made.py", old, new, (test,))


@pytest.mark.parametrize("mutant", [pytest.param(mutant, id=mutant.name) for mutant in MUTANTS])
def test_every_mutant_that_is_listed_applies_and_its_tests_are_there(mutant: Mutant) -> None:
    mutant.applied(ROOT)
    for test in mutant.tests:
        file, *names = test.split("::")
        assert (ROOT / file).exists(), file
        text = (ROOT / file).read_text() if names else ""
        assert all(re.search(rf"\b{re.escape(name.partition('[')[0])}\b", text) for name in names), test


def test_the_outcomes_are_told_apart_and_the_tree_is_as_it_was(tree: Path) -> None:
    mutants = [
        made("noticed", "return 50"),
        made("unnoticed", "return 6"),
        made("broken", "return ]"),
        made("untested", "return 50", test="test_missing.py"),
    ]
    results = {result.mutant.name: result for result in run_all(tree, mutants, jobs=2, limit=LONG)}
    outcomes = {name: result.outcome for name, result in results.items()}
    assert outcomes == {
        "noticed": "killed",
        "unnoticed": "survived",
        "broken": "error",
        "untested": "error",
    }
    assert "the tests do not pass without the mutant" in results["untested"].details
    assert (tree / "wesktop/made.py").read_text() == CODE


def test_what_runs_for_too_long_is_ended_with_all_that_it_has_started(tree: Path) -> None:
    copy = Tree(tree, tree.parent / "copy")
    with copy.mutated(made("hangs", "return 500")):
        code, output = copy.run(("test_made.py",), limit=5)
    assert judge(code, output)[0] == "timed out"
    assert running_from(copy.root) == []


def test_a_test_that_hangs_kills_by_its_own_limit(tree: Path) -> None:
    (tree / "pytest.ini").write_text("[pytest]\ntimeout = 5\ntimeout_method = thread\n")
    (result,) = run_all(tree, [made("hangs", "return 500")], jobs=1, limit=LONG)
    assert (result.outcome, result.details) == ("killed", "by the time limit of the test")


@pytest.mark.parametrize(
    ("mutant", "sentence"),
    [
        (made("rotten", "return 4", old="return 7"), "has the old text 0 times, not once"),
        (made("vague", "X", old="e"), r"has the old text \d times, not once"),
        (made("moved", "X")._replace(file="wesktop/gone.py"), "wesktop/gone.py does not exist"),
    ],
)
def test_a_mutant_that_does_not_fit_is_named_before_anything_runs(tree: Path, mutant: Mutant, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"mutant '{mutant.name}' of made.toml: .*{sentence}"):
        next(run_all(tree, [made("noticed", "return 50"), mutant], jobs=1, limit=LONG))


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("name = 'a'", "entry 1 of made.toml: name, file, old, new, tests are needed"),
        ("name = 'a'\nfile = 'wesktop/a.py'\nold = 'x'\nnew = 'x'\ntests = ['t.py']", "must change a file"),
        (
            "name = 'a'\nfile = 'tests/a.py'\nold = 'x'\nnew = ''\ntests = ['t.py']",
            "must change a file of the product",
        ),
        ("name = 'a'\nfile = 'wesktop/a.py'\nold = 'x'\nnew = ''\ntests = []", "name tests"),
        ("name = 'a'\nfile = 'wesktop/a.py'\nold = 'x'\nnew = ''\ntests = ['t.py']\nwhy = 'b'", "are needed"),
    ],
)
def test_a_malformed_entry_is_refused_by_its_place(tmp_path: Path, table: str, sentence: str) -> None:
    (tmp_path / "made.toml").write_text(f"[[mutant]]\n{table}\n")
    with pytest.raises(ValueError, match=sentence):
        read_lists(tmp_path)


def test_a_list_that_is_no_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "made.toml").write_text("[[mutant]\n")
    with pytest.raises(ValueError, match=r"made\.toml is not TOML: .*line 1"):
        read_lists(tmp_path)


def test_two_mutants_of_one_name_are_refused(tmp_path: Path) -> None:
    entry = "[[mutant]]\nname = 'a'\nfile = 'wesktop/a.py'\nold = 'x'\nnew = ''\ntests = ['t.py']\n"
    for name in ("one", "two"):
        (tmp_path / f"{name}.toml").write_text(entry)
    with pytest.raises(ValueError, match="2 mutants are named 'a'"):
        read_lists(tmp_path)


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("made", ["host is not checked", "limit is off"]),
        ("tests/mutants/made.toml", ["host is not checked", "limit is off"]),
        ("wesktop/a.py", ["limit is off"]),
        ("host", ["host is not checked"]),
        ("other", []),
    ],
)
def test_mutants_are_chosen_by_list_file_or_name(word: str, names: list[str]) -> None:
    mutants = [
        Mutant("made", "host is not checked", "wesktop/b.py", "x", "", ("t.py",)),
        Mutant("made", "limit is off", "wesktop/a.py", "x", "", ("t.py",)),
    ]
    assert [mutant.name for mutant in choose(mutants, [word])] == names


def test_tests_that_could_not_run_have_noticed_nothing() -> None:
    assert judge(2, "1 error in collection")[0] == "error"
    assert judge(-11, "Segmentation fault")[0] == "error"
