"""Which files were dropped."""

import pytest

from wesktop.window.frame.file_drop import local_paths


@pytest.mark.parametrize(
    ("urls", "paths"),
    [
        (["file:///home/a/b.txt"], ["/home/a/b.txt"]),
        (["file:///a%20b/%C3%BC%25.txt\r\n"], ["/a b/\u00fc%.txt"]),
        (["file://localhost/a"], ["/a"]),
        (["file:///a", "https://example.org/b", "file:///c"], ["/a", "/c"]),
        (["file://server/share"], []),
        (["file:relative"], []),
        (["file:///a%00b"], []),
        (["/a", "", "text", "data:,x"], []),
        (["file:///%FF"], ["/\udcff"]),
        ([], []),
    ],
)
def test_files_on_this_machine_have_a_path(urls: list[str], paths: list[str]) -> None:
    assert local_paths(urls) == paths
