"""The broadcaster that most of these tests send by."""

import pytest

from wesktop.sse import Broadcaster


@pytest.fixture
def broadcaster() -> Broadcaster:
    broadcaster = Broadcaster(buffer_size=4)
    broadcaster.register_event("tick")
    return broadcaster
