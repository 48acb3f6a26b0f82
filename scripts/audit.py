"""Ask whether what wesktop and its extras install has known vulnerabilities: `make audit`.

pip says what would be installed today, and installs nothing of it; pip-audit asks PyPI's advisories, and OSV's where
those cannot be had. Exit codes: 0 nothing is known, 1 something is, 3 not everything could be asked for; `make` names
the code (`Error 3`), and ends with 2 whichever it is.
"""

import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SERVICES = ("pypi", "osv")
CLEAN, VULNERABLE, NOT_ASKED = 0, 1, 3

Report = dict[str, Any]


def main() -> int:
    """Audit; the exit code."""
    pins = resolve()
    if pins is None:
        print("audit: pip could not find out what would be installed: nothing was checked.", file=sys.stderr)
        return NOT_ASKED
    code, text = verdict(first_answer(pins), len(pins))
    print(text, file=sys.stdout if code == CLEAN else sys.stderr)
    return code


def resolve() -> list[str] | None:
    """Return the requirements of wesktop with all extras, as "name==version"; None if they cannot be determined."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    options = ["--quiet", "--dry-run", "--ignore-installed", "--report", "-"]
    done = run("pip", "--disable-pip-version-check", "install", *options, f"{ROOT}[{','.join(extras)}]")
    if done.returncode:
        print(done.stderr.strip(), file=sys.stderr)
        return None
    return pinned(json.loads(done.stdout))


def pinned(report: Report) -> list[str]:
    """Return the packages in pip's installation report, without wesktop itself."""
    found = [(each["metadata"]["name"].lower(), each["metadata"]["version"]) for each in report["install"]]
    return sorted(f"{name}=={version}" for name, version in found if name != "wesktop")


def first_answer(pins: list[str]) -> Report | None:
    """Return the report of the first service that has one; print why the others have none."""
    for service in SERVICES:
        report, trouble = understood(*audit(pins, service))
        if not trouble:
            return report
        print(f"audit: {service}: {trouble}", file=sys.stderr)
    return None


def audit(pins: list[str], service: str) -> tuple[str, str]:
    """Return the output of pip-audit: its report, and its errors."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
        requirements.write("\n".join(pins))
        requirements.flush()
        options = ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json", "--desc", "off"]
        done = run("pip_audit", *options, "--vulnerability-service", service, "--requirement", requirements.name)
    return done.stdout, done.stderr


def understood(text: str, errors: str) -> tuple[Report | None, str]:
    """The report; and why it is none, by the last line of the errors."""
    try:
        report: Report = json.loads(text)
    except ValueError:
        return None, errors.strip().rpartition("\n")[2] or "pip-audit says nothing."
    return report, "" if audited(report) else "it knows none of these packages."


def audited(report: Report) -> list[Report]:
    """The dependencies that were asked for. pip-audit calls it a success where its service knows none at all."""
    return [each for each in report["dependencies"] if "vulns" in each]


def verdict(report: Report | None, asked: int) -> tuple[int, str]:
    """Return the exit code and the text to print. report: None if no service has answered."""
    if report is None:
        return (
            NOT_ASKED,
            "audit: no advisory service has answered: nothing was checked.",
        )
    found = [
        f"{each['name']} {each['version']}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or 'no release'}"
        for each in audited(report)
        for flaw in each["vulns"]
    ]
    if found:
        return VULNERABLE, "\n".join(f"audit: {line}" for line in found)
    if missing := [each["name"] for each in report["dependencies"] if "vulns" not in each]:
        return (
            NOT_ASKED,
            f"audit: the advisory service does not know {', '.join(missing)}: not everything was checked.",
        )
    return CLEAN, f"audit: nothing is known against any of {asked} packages."


def run(module: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a module of this environment."""
    return subprocess.run([sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=False)


if __name__ == "__main__":
    sys.exit(main())
