"""The packages of wesktop's extras, for messages about one that is missing."""

# As in pyproject.toml. A version only where an older one has known vulnerabilities.
PACKAGES = {
    "qt": ("QtPy", "PySide6-Essentials", "PySide6-Addons", "PySide6-WebEngine", "jeepney"),
    "testing": ("httpx",),
    "forms": ("python-multipart>=0.0.32",),
    "redis": ("redis",),
    "top": ("rich",),
    "icons": ("Pillow>=12.3",),
    "wsgi": ("a2wsgi",),
}


def install_command(extra: str) -> str:
    """Return the command that installs an extra's packages.

    It does not name the extra, since `wesktop` on PyPI is a different project.
    """
    packages = [f"'{package}'" if ">" in package else package for package in PACKAGES[extra]]
    return " ".join(["pip install", *packages])
