"""The defaults in mimeapps.list: what was there stays to the letter, what was added goes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wesktop.entries.linux.mimeapps import default, with_default, without_default

TYPE, OURS = "x-scheme-handler/app", "app.desktop"

OTHERS = """\
# by hand
[Added Associations]
text/html=firefox.desktop;

[Default Applications]
text/html=firefox.desktop
; end

[Removed Associations]
x-scheme-handler/app=other.desktop
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"[Default Applications]\n{TYPE}={OURS}\n"),
        ("[Default Applications]\na/b=c.desktop\n", f"[Default Applications]\n{TYPE}={OURS}\na/b=c.desktop\n"),
        ("[X]\na=b\n", f"[X]\na=b\n\n[Default Applications]\n{TYPE}={OURS}\n"),
        ("[X]\na=b", f"[X]\na=b\n\n[Default Applications]\n{TYPE}={OURS}\n"),
        (f"[Default Applications]\n{TYPE}=\n", f"[Default Applications]\n{TYPE}={OURS}\n"),
        (f"[X]\n{TYPE}=o.desktop\n", f"[X]\n{TYPE}=o.desktop\n\n[Default Applications]\n{TYPE}={OURS}\n"),
    ],
)
def test_a_default_is_put_into_its_group(before: str, after: str) -> None:
    assert with_default(before, TYPE, OURS) == after
    assert default(after, TYPE) == OURS


@pytest.mark.parametrize("line", [f"{TYPE}=other.desktop", f"{TYPE} = other.desktop;", f"{TYPE}={OURS};"])
def test_a_default_that_is_set_stays(line: str) -> None:
    text = f"[Default Applications]\n{line}\n"
    assert with_default(text, TYPE, OURS) == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"[Default Applications]\n{TYPE}={OURS}\n", ""),
        (
            f"[Default Applications]\n{TYPE}={OURS};other.desktop;\n",
            f"[Default Applications]\n{TYPE}=other.desktop\n",
        ),
        (f"[Default Applications]\n{TYPE}=other.desktop\n",) * 2,
        (f"[Default Applications]\n{TYPE}={OURS}\n# a note\n", "[Default Applications]\n# a note\n"),
        (f"[Default Applications]\n{TYPE}={OURS}\n\na/b=c.desktop\n", "[Default Applications]\n\na/b=c.desktop\n"),
        (f"[X]\n{TYPE}={OURS}\n",) * 2,
        ("",) * 2,
    ],
)
def test_only_the_entry_itself_is_taken_from_the_defaults(before: str, after: str) -> None:
    assert without_default(before, TYPE, OURS) == after


@pytest.mark.parametrize("before", ["", OTHERS, "[X]\na=b\n", "[Default Applications]\na/b=c.desktop\n"])
def test_adding_and_removing_gives_back_the_very_text(before: str) -> None:
    added = with_default(before, TYPE, OURS)
    assert added != before
    assert without_default(added, TYPE, OURS) == before


LINES = st.sampled_from(
    [
        "[Default Applications]",
        "[Added Associations]",
        "",
        "# note",
        f"{TYPE}={OURS}",
        f"{TYPE}=o.desktop",
        "a/b=c",
        "x",
    ]
)


@given(st.lists(LINES, max_size=8).map(lambda lines: "".join(f"{line}\n" for line in lines)))
def test_whatever_the_file_a_default_is_there_after_adding_and_others_lines_are_kept(text: str) -> None:
    added = with_default(text, TYPE, OURS)
    assert default(added, TYPE) is not None
    kept = without_default(added, TYPE, OURS)
    for line in ("# note", "a/b=c", "x", "[Added Associations]"):
        assert kept.splitlines().count(line) == text.splitlines().count(line)
