"""Pulse in its window."""

from pathlib import Path

import wesktop

if __name__ == "__main__":
    wesktop.run(
        "examples.pulse.app:app",
        title="Pulse",
        name="pulse",
        icon=str(Path(__file__).parent / "static" / "icon.png"),
        port=0,
        background="#f7f8f7",
    )
