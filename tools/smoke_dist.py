"""Build the wheel and the sdist, install each in an empty environment, and use what was installed.

    python tools/smoke_dist.py [--python python3.11 python3.12 ...] [--sets newest oldest]

Every interpreter that is named, or that is found for 3.11, 3.12 and 3.13, gets an environment with the newest packages
that pyproject.toml allows, and one with the oldest that have wheels for it. tools/_smoke.py is run in it, in an empty
folder; then the sdist takes the wheel's place, and it is run again. Of a version of Python that is not here, it is only
asked whether its packages can be resolved. All of it takes about 2 GB in the folder for temporary files, which are
removed, and a network.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VERSIONS = ("3.11", "3.12", "3.13")
RESOLUTION = {"newest": "highest", "oldest": "lowest-direct"}


def run(*command, **options):
    """Run a command; if it fails, say what it printed, and stop."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\nfailed:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    return done.stdout


def outside():
    """Return an environment in which nothing leads to the repository, and no other settings reach the programs."""
    ours = ("PYTHONPATH", "SKIMGREC_", "KERAS_", "VIRTUAL_ENV", "PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def interpreters(uv, named):
    """Return {version: path} of the interpreters to use, a path of None where there is none."""
    if named:
        ask = "import sys; print('%d.%d' % sys.version_info[:2])"
        return {run(python, "-c", ask).strip(): python for python in named}
    found = {}
    for version in VERSIONS:
        answer = subprocess.run(
            [str(uv), "python", "find", "--no-python-downloads", version], capture_output=True, text=True
        )
        found[version] = answer.stdout.strip() if answer.returncode == 0 else None
    return found


def resolved(uv, version, packages, folder):
    """Write the exact versions of all that is needed to a file, and return it."""
    requirements = folder / f"{version}-{packages}.txt"
    run(
        *(uv, "pip", "compile", "--quiet", "--python-version", version, "--only-binary", ":all:"),
        *("--resolution", RESOLUTION[packages], ROOT / "pyproject.toml", "--output-file", requirements),
        cwd=folder,
    )
    return requirements


def tried(uv, python, requirements, wheel, sdist, folder):
    """Install the wheel, use it, put the sdist in its place, and use that."""
    environment, empty = folder / "env", folder / "empty"
    empty.mkdir(exist_ok=True)
    program = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    install = (uv, "pip", "install", "--quiet", "--python", program)
    run(uv, "venv", "--quiet", "--python", python, environment)
    try:
        run(*install, "--requirement", requirements, wheel, env=outside())
        run(uv, "pip", "check", "--python", program)
        run(program, ROOT / "tools" / "_smoke.py", cwd=empty, env=outside())
        run(*install, "--no-deps", "--reinstall-package", "skimgrec", sdist, env=outside())
        run(program, ROOT / "tools" / "_smoke.py", cwd=empty, env=outside())
    finally:
        shutil.rmtree(environment)


def main():
    """Try every interpreter with every set of packages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", nargs="+", default=[], help="interpreters; default: what is found of 3.11 to 3.13")
    parser.add_argument("--sets", nargs="+", choices=list(RESOLUTION), default=list(RESOLUTION))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        os.environ.setdefault("UV_CACHE_DIR", str(folder / "cache"))
        run(sys.executable, "-m", "venv", folder / "tools")
        bin = folder / "tools" / ("Scripts" if os.name == "nt" else "bin")
        run(bin / "python", "-m", "pip", "install", "--quiet", "build", "uv")
        run(bin / "python", "-m", "build", "--outdir", folder / "dist", ROOT, env=outside())
        (wheel,), (sdist,) = (folder / "dist").glob("*.whl"), (folder / "dist").glob("*.tar.gz")
        print(f"built {wheel.name} ({wheel.stat().st_size:,} bytes) and {sdist.name} ({sdist.stat().st_size:,} bytes)")
        for version, python in interpreters(bin / "uv", options.python).items():
            for packages in options.sets:
                requirements = resolved(bin / "uv", version, packages, folder)
                if python is None:
                    print(f"Python {version}, {packages} packages: not here; what it needs can be resolved", flush=True)
                    continue
                start = time.perf_counter()
                tried(bin / "uv", python, requirements, wheel, sdist, folder)
                seconds = time.perf_counter() - start
                print(f"Python {version}, {packages} packages: wheel and sdist work ({seconds:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
