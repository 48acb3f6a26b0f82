"""How findings are shown, and what they come to."""

import pytest

from wesktop.doctor.finding import Finding, Level, Report, as_fields, as_lines, exit_code, ok, problem, warning

FINE: Report = [("Python", [ok("Python 3.13")]), ("apps", [])]
MIXED: Report = [
    ("window", [ok("GTK"), warning("old", "apt install new"), problem("no display", "xvfb-run x")]),
    ("ports", [problem("port 1 is taken")]),
]


@pytest.mark.parametrize(
    ("report", "code", "lines"),
    [
        ([], 0, ["", "All is well."]),
        (FINE, 0, ["Python", "  ok       Python 3.13", "", "All is well."]),
        ([("a", [warning("w")])], 0, ["a", "  warning  w", "", "no problems, 1 warning."]),
        (
            MIXED,
            1,
            [
                "window",
                "  ok       GTK",
                "  warning  old",
                "           cure: apt install new",
                "  problem  no display",
                "           cure: xvfb-run x",
                "ports",
                "  problem  port 1 is taken",
                "",
                "2 problems, 1 warning.",
            ],
        ),
    ],
)
def test_what_is_shown_and_the_exit_code(report: Report, code: int, lines: list[str]) -> None:
    assert as_lines(report, coloured=False) == lines
    assert exit_code(report) == code


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a\nb", "a b"), ("\x1b[2J", "\\x1b[2J"), ("\udc80", "\\udc80"), ("a\u202eb", "a\\u202eb"), ("é", "é")],
)
def test_others_words_do_nothing_to_the_terminal(text: str, shown: str) -> None:
    assert as_lines([("x", [problem(text, text)])], coloured=False)[1:3] == [
        f"  problem  {shown}",
        f"           cure: {shown}",
    ]


def test_colours_are_for_the_levels() -> None:
    assert as_lines(FINE, coloured=True)[1] == "  \x1b[32mok     \x1b[0m  Python 3.13"


def test_as_json_all_is_there() -> None:
    assert as_fields(MIXED) == {
        "version": 1,
        "problems": 2,
        "warnings": 1,
        "findings": [
            {"subject": "window", "level": "ok", "text": "GTK", "cure": None},
            {"subject": "window", "level": "warning", "text": "old", "cure": "apt install new"},
            {"subject": "window", "level": "problem", "text": "no display", "cure": "xvfb-run x"},
            {"subject": "ports", "level": "problem", "text": "port 1 is taken", "cure": None},
        ],
    }
    assert Finding(Level.OK, "a") == ok("a")
