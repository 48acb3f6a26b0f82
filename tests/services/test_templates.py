"""Templates: how they are filled, and that an installed wesktop has them."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from wesktop.services.templates import Value, fill

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("text", "values", "filled"),
    [
        ("a=@A@\n", {"A": "1"}, "a=1\n"),
        ("a=@A@ @B@\n", {"A": "1", "B": "2"}, "a=1 2\n"),
        ("a=@A@\nb\n", {"A": None}, "b\n"),
        ("# why\n# and how\na=@A@\nb\n", {"A": None}, "b\n"),
        ("# why\n\na=@A@\nb\n", {"A": None}, "# why\n\nb\n"),
        ("a=@A@\n", {"A": ["1", "2"]}, "a=1\na=2\n"),
        ("# why\na=@A@\n", {"A": []}, "# why\n"),
        ("a=@A@\n", {"A": ""}, "a=\n"),
        ("a=@A@\n", {"A": "@B@", "B": "no"}, "a=@B@\n"),
        ("a=@A@\n", {"A": ["@B@", "@A@"], "B": "no"}, "a=@B@\na=@A@\n"),
        ("a@b.example and @lower@\n", {}, "a@b.example and @lower@\n"),
    ],
)
def test_places_are_filled_once(text: str, values: dict[str, Value], filled: str) -> None:
    assert fill(text, values) == filled


def test_a_place_that_nobody_thought_of_is_an_error() -> None:
    with pytest.raises(KeyError):
        fill("a=@A@\n", {})


def test_a_wheel_has_the_templates(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as file:
        file.extractall(installed)
    source = (
        "from wesktop.services import templates as t; print(t.__file__); print(t.template('systemd/app.service'))"
    )
    # Not the checkout: its directories are nowhere near.
    done = subprocess.run(
        [sys.executable, "-P", "-c", source],
        cwd=tmp_path, env={"PYTHONPATH": str(installed)}, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.startswith(str(installed))
    assert "Type=notify" in done.stdout
    for name in (*ROOT.glob("systemd/*"), *ROOT.glob("launchd/*")):
        assert (installed / "wesktop/services/templates" / name.parent.name / name.name).is_file()
