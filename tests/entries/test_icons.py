"""One picture for every system. What is written is read back by Pillow."""

import gzip
import io
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import IcnsImagePlugin, IcoImagePlugin, Image

from entries.pictures import SVG, png, saved
from wesktop.entries.icons import hicolor, icns, ico, pack_icns, pack_ico, read_icon


@pytest.fixture
def no_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)


def icon(tmp_path: Path, data: bytes) -> Any:
    return read_icon(saved(tmp_path / "icon", data))


def other_format(name: str) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(made, name)
    return made.getvalue()


def sizes(files: dict[str, bytes]) -> dict[str, tuple[int, int]]:
    return {path: Image.open(io.BytesIO(data)).size for path, data in files.items()}


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (png(8), "png"),
        (SVG, "svg"),
        (gzip.compress(SVG, mtime=0), "svg"),
        (other_format("ICO"), "ico"),
        (other_format("ICNS"), "icns"),
        (other_format("JPEG"), "other"),
        (b"", "other"),
        (b"\x89PNG\r\n\x1a\n", "other"),
        (b"\0\0\2\0", "other"),
    ],
)
def test_a_picture_is_raised_by_its_content_not_by_its_name(data: bytes, kind: str, tmp_path: Path) -> None:
    assert icon(tmp_path, data).kind == kind


def test_an_svg_goes_to_the_scalable_directory_as_it_is(tmp_path: Path) -> None:
    assert hicolor(icon(tmp_path, SVG), "app") == {"scalable/apps/app.svg": SVG}
    assert hicolor(icon(tmp_path, gzip.compress(SVG)), "app") == {"scalable/apps/app.svg": SVG}


@pytest.mark.parametrize(
    "data", [png(256), other_format("JPEG"), png(40, 64), png(5)], ids=["png", "jpeg", "oblong", "5"]
)
def test_one_picture_becomes_one_of_each_size_up_to_its_own(data: bytes, tmp_path: Path) -> None:
    side = max(Image.open(io.BytesIO(data)).size)
    made = sizes(hicolor(icon(tmp_path, data), "app"))
    fitting = [size for size in (16, 22, 24, 32, 48, 64, 128, 256, 512) if size <= side] or [16]
    assert made == {f"{size}x{size}/apps/app.png": (size, size) for size in fitting}


def test_an_oblong_picture_is_padded_and_not_stretched(tmp_path: Path) -> None:
    made = Image.open(io.BytesIO(hicolor(icon(tmp_path, png(64, 32)), "app")["64x64/apps/app.png"]))
    assert made.getpixel((32, 2)) == (0, 0, 0, 0)
    assert made.getpixel((32, 32)) == (200, 30, 60, 255)


@pytest.mark.parametrize(
    ("side", "directory"), [(16, 16), (48, 48), (50, 48), (256, 256), (300, 256), (1024, 512), (7, 16)]
)
@pytest.mark.usefixtures("no_pillow")
def test_without_pillow_a_png_goes_as_it_is_to_the_directory_of_its_size(
    side: int, directory: int, tmp_path: Path
) -> None:
    data = png(side)
    assert hicolor(icon(tmp_path, data), "app") == {f"{directory}x{directory}/apps/app.png": data}


@pytest.mark.parametrize(
    ("make", "data", "words"),
    [
        (lambda icon: hicolor(icon, "app"), other_format("JPEG"), r"is not a PNG.*Pillow"),
        (lambda icon: hicolor(icon, "app"), png(64, 32), "is 64 by 32 pixels: make it square"),
        (icns, png(48), r"is 48 pixels wide, and macOS takes 32, 64, 128, 256, 512 or 1024.*Pillow"),
        (ico, png(257), r"is 257 pixels wide, and Windows takes up to 256.*Pillow"),
    ],
)
@pytest.mark.usefixtures("no_pillow")
def test_without_pillow_what_needs_it_is_refused_with_the_line_that_installs_it(
    make: Callable[[Any], Any], data: bytes, words: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=words):
        make(icon(tmp_path, data))


@pytest.mark.parametrize(
    ("make", "data", "words"),
    [
        (lambda icon: hicolor(icon, "app"), b"GIF89a and no more", "is not an image that can be read"),
        (lambda icon: hicolor(icon, "app"), b"", "is not an image that can be read"),
        (lambda icon: hicolor(icon, "app"), png(64)[:60], "is not an image that can be read"),
        (icns, SVG, "is an SVG, which this system does not show: give a PNG"),
        (ico, SVG, "is an SVG"),
    ],
)
def test_what_is_no_picture_for_the_system_is_refused(
    make: Callable[[Any], Any], data: bytes, words: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=words):
        make(icon(tmp_path, data))


def test_a_damaged_gzip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is damaged"):
        icon(tmp_path, gzip.compress(SVG)[:-9])


def test_an_icns_file_holds_every_size_that_macos_shows(tmp_path: Path) -> None:
    made = icns(icon(tmp_path, png(1024)))
    assert struct.unpack_from(">4sI", made) == (b"icns", len(made))
    read = IcnsImagePlugin.IcnsFile(io.BytesIO(made))
    assert sorted(read.itersizes()) == [
        (16, 16, 2), (32, 32, 2), (128, 128, 1), (128, 128, 2), (256, 256, 1), (256, 256, 2), (512, 512, 1),
        (512, 512, 2),
    ]  # fmt: skip
    for width, _, scale in read.itersizes():
        assert read.getimage((width, width, scale)).size == (width * scale, width * scale)


def test_an_ico_file_holds_every_size_that_windows_shows(tmp_path: Path) -> None:
    read = IcoImagePlugin.IcoFile(io.BytesIO(ico(icon(tmp_path, png(512)))))
    assert sorted(read.sizes()) == [(size, size) for size in (16, 24, 32, 48, 64, 128, 256)]
    for size in read.sizes():
        assert read.getimage(size).size == size


@pytest.mark.parametrize(("make", "name"), [(icns, "ICNS"), (ico, "ICO")])
def test_a_file_in_the_systems_own_format_is_taken_as_it_is(make: Any, name: str, tmp_path: Path) -> None:
    data = other_format(name)
    assert make(icon(tmp_path, data)) == data


def test_the_containers_hold_the_very_pngs() -> None:
    small, large = png(32), png(256)
    assert small in pack_ico({32: small, 256: large})
    assert large in pack_ico({32: small, 256: large})
    assert pack_icns({256: large}).count(large) == 2  # 256 pixels, and 128 at twice the density
