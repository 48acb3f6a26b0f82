"""Where a window comes back to."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wesktop.window.frame.geometry import (
    FRAME_HEIGHT,
    FRAME_WIDTH,
    Area,
    Geometry,
    centred,
    fit,
    fit_first,
    parse,
    serialize,
)
from wesktop.window.page.geometry_store import GeometryFile

LEFT, RIGHT = Area(0, 0, 1920, 1080), Area(1920, 0, 2560, 1440)
ABOVE = Area(-800, -600, 800, 600)


@pytest.mark.parametrize(
    ("saved", "screens", "fitted"),
    [
        pytest.param(Geometry(800, 600, 100, 50), [LEFT], Geometry(800, 600, 100, 50), id="as it was"),
        pytest.param(Geometry(800, 600, 2000, 50), [LEFT, RIGHT], Geometry(800, 600, 2000, 50), id="second screen"),
        pytest.param(Geometry(800, 600, 2000, 50), [LEFT], Geometry(800, 600), id="its screen is gone"),
        pytest.param(Geometry(700, 500, -750, -550), [LEFT, ABOVE], Geometry(700, 500, -750, -550), id="negative"),
        pytest.param(Geometry(800, 600, -100, -20), [LEFT], Geometry(800, 600, 0, 0), id="left and above"),
        pytest.param(Geometry(800, 600, 1500, 900), [LEFT], Geometry(800, 600, 1120, 480), id="right and below"),
        pytest.param(Geometry(800, 600, 1600, 0), [LEFT, RIGHT], Geometry(800, 600, 1920, 0), id="more on the right"),
        pytest.param(Geometry(3000, 2000, 10, 10), [LEFT], Geometry(1920, 1080, 0, 0), id="larger than the screen"),
        pytest.param(Geometry(3000, 2000), [LEFT, RIGHT], Geometry(2560, 1440), id="larger, without a place"),
        pytest.param(Geometry(800, 600), [LEFT], Geometry(800, 600), id="without a place"),
        pytest.param(Geometry(800, 600, 5, 5), [], Geometry(800, 600), id="no screen known"),
        pytest.param(
            Geometry(800, 600, 5, 5, True), [LEFT], Geometry(800, 600, 5, 5, maximized=True), id="maximised"
        ),
        pytest.param(Geometry(800, 600, 2000, 0, True), [LEFT], Geometry(800, 600, maximized=True), id="its is gone"),
        pytest.param(Geometry(800, 600, 0, 30), [Area(0, 30, 640, 450)], Geometry(640, 450, 0, 30), id="panel"),
    ],
)
def test_a_window_comes_back_where_it_can_be_seen(saved: Geometry, screens: list[Area], fitted: Geometry) -> None:
    assert fit(saved, screens) == fitted


SIZES, PLACES = st.integers(100, 16384), st.integers(-(1 << 20), 1 << 20)
AREAS = st.builds(Area, PLACES, PLACES, SIZES, SIZES)


@given(st.builds(Geometry, SIZES, SIZES, PLACES, PLACES, st.booleans()), st.lists(AREAS, min_size=1, max_size=4))
def test_it_is_wholly_on_one_screen_or_has_no_place(saved: Geometry, screens: list[Area]) -> None:
    now = fit(saved, screens)
    assert now.width <= saved.width
    assert now.height <= saved.height
    if now.x is not None and now.y is not None:
        area = Area(now.x, now.y, now.width, now.height)
        assert any(area.shared_with(screen) == area.width * area.height for screen in screens)


@given(st.builds(Geometry, SIZES, SIZES, PLACES, PLACES, st.booleans()))
def test_what_is_written_is_read(geometry: Geometry) -> None:
    assert parse(serialize(geometry)) == geometry


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\xff",
        b"null",
        b"[]",
        b"{}",
        b"1e999",
        b"[" * 100_000,
        b'{"width": 800}',
        b'{"width": 800, "height": "600"}',
        b'{"width": 800, "height": 600.5}',
        b'{"width": true, "height": 600}',
        b'{"width": 0, "height": 600}',
        b'{"width": 99, "height": 600}',
        b'{"width": 800, "height": 16385}',
        b'{"width": 800, "height": 600, "x": 5}',
        b'{"width": 800, "height": 600, "x": "5", "y": 5}',
        b'{"width": 800, "height": 600, "x": 9999999999, "y": 5}',
        b'{"width": 800, "height": 600, "maximized": 1}',
        b'{"width": 800, "height": 600, "x": NaN, "y": NaN}',
        b'{"width": 800, "height": 600, "colour": "red"}',
    ],
)
def test_garbage_is_no_geometry(data: bytes) -> None:
    assert parse(data) is None


@given(st.binary())
def test_no_bytes_are_too_much_for_it(data: bytes) -> None:
    parse(data)


def test_a_maximised_window_keeps_the_size_that_it_had(tmp_path: Path) -> None:
    path = tmp_path / "state" / "demo.window"
    kept = GeometryFile(path)
    assert kept.last is None
    kept.keep(Geometry(800, 600, 10, 20))
    kept.keep(Geometry(1920, 1080, 0, 0, maximized=True))
    assert GeometryFile(path).last == Geometry(800, 600, 10, 20, maximized=True)
    kept.keep(Geometry(810, 610, 11, 21))
    assert GeometryFile(path).last == Geometry(810, 610, 11, 21)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_disk_that_takes_nothing_is_no_matter(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    kept = GeometryFile(tmp_path / "file" / "demo.window")
    kept.keep(Geometry(800, 600))
    assert kept.last == Geometry(800, 600)


@pytest.mark.parametrize("screen", [Area(0, 0, 1366, 768), Area(0, 27, 1280, 693), Area(0, 0, 640, 480), RIGHT])
def test_a_first_window_fits_a_screen_with_its_frame(screen: Area) -> None:
    found = centred(fit_first(Geometry(1280, 800), [screen]), screen)
    assert found.x is not None
    assert found.y is not None
    assert screen.y <= found.y <= screen.y + screen.height - found.height - FRAME_HEIGHT
    assert screen.x <= found.x <= screen.x + screen.width - found.width - FRAME_WIDTH


def test_a_first_window_has_the_size_and_place_that_it_was_asked_for_where_there_is_room() -> None:
    assert fit_first(Geometry(1280, 800), [LEFT]) == Geometry(1280, 800)
    assert fit_first(Geometry(400, 300, 30, 40), [LEFT]) == Geometry(400, 300, 30, 40)
    assert fit_first(Geometry(400, 300, 5000, 40), [LEFT]) == Geometry(400, 300)
    assert fit_first(Geometry(400, 300), []) == Geometry(400, 300)
