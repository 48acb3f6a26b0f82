"""A proxy of the user's, which cannot reach this machine's own servers."""

from collections.abc import Callable

import pytest

from support.scripts import free_port
from window.shown import Shown

pytestmark = pytest.mark.window


@pytest.mark.parametrize("further", [{}, {"no_proxy": "example.com"}, {"NO_PROXY": "example.com"}])
def test_the_app_is_not_asked_for_by_way_of_it(show: Callable[..., Shown], further: dict[str, str]) -> None:
    shown = show(http_proxy=f"http://127.0.0.1:{free_port()}", **further).ready()
    shown.close()
    shown.ended_well()
