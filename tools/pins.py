"""Write constraints.txt: one exact version of every package that skimgrec and its extras bring, build tools included.

Usage: python tools/pins.py PYTHON [PYTHON ...]

One interpreter for each Python version that pyproject.toml allows, the oldest first. The first one's versions are tried
on all the others; a package that needs another version there gets one line for each, with a marker.
"""

import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEADER = """\
# The exact versions that `make` installs: what the package and all its extras bring, and what builds it.
# Written by `make pins` (see CONTRIBUTING.md), not by hand.
"""


def resolve(python: str, requirements: list[str], pins: Path | None, folder: str) -> dict[str, str]:
    """Return the version of every package that pip would install for `requirements` on an empty environment."""
    report = Path(folder, "report.json")
    command = [python, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report", str(report)]
    subprocess.run([*command, *(["-c", str(pins)] if pins else []), *requirements], check=True, cwd=ROOT)
    found = (entry["metadata"] for entry in json.loads(report.read_text())["install"])
    return {entry["name"]: entry["version"] for entry in found if entry["name"] != "skimgrec"}


def main(pythons: list[str]) -> None:
    """Resolve for every interpreter in turn and write constraints.txt."""
    if not pythons:
        sys.exit(__doc__)
    metadata = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = ",".join(metadata["project"]["optional-dependencies"])
    # editables is what hatchling asks for when the package is installed in place.
    requirements = [f".[{extras}]", "editables", *metadata["build-system"]["requires"]]

    versions: dict[str, dict[str, list[str]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        pins: Path | None = None
        for python in pythons:
            minor = subprocess.run(
                [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
                check=True,
                capture_output=True,
                text=True,
            ).stdout.strip()
            print(f"resolving for Python {minor}", flush=True)
            try:
                resolved = resolve(python, requirements, pins, folder)
            except subprocess.CalledProcessError:
                if pins is None:
                    raise
                print("  the oldest Python's versions do not serve here; resolving anew")
                resolved = resolve(python, requirements, None, folder)
            for name, version in resolved.items():
                versions.setdefault(name, {}).setdefault(version, []).append(minor)
            if pins is None:
                pins = Path(folder, "pins.txt")
                pins.write_text("".join(f"{name}=={version}\n" for name, version in resolved.items()))

    lines = []
    for name in sorted(versions, key=str.lower):
        for version, minors in versions[name].items():
            marker = " or ".join(f'python_version == "{minor}"' for minor in minors)
            lines.append(f"{name}=={version}" + ("" if len(versions[name]) == 1 else f" ; {marker}"))
    (ROOT / "constraints.txt").write_text(HEADER + "\n".join(lines) + "\n")
    print(f"constraints.txt: {len(versions)} packages")


if __name__ == "__main__":
    main(sys.argv[1:])
