#!/bin/sh
# Run the tests of comparisons on a cluster on Ray, and the guide's code for it, in an environment of its own.
#
# Usage: test_ray.sh [pytest argument ...]      PYTHON names the interpreter; without it the first suitable one is taken.
set -eu
CDPATH="" cd -- "$(dirname -- "$0")/.."

install() {
    PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt "$venv/bin/python" -m pip install --quiet \
        --no-input --disable-pip-version-check ray --editable ".[test]"
}

script=tools/test_ray.sh
. tools/side_venv.sh
side_venv .venv-ray
# Tests of a package that is not there would be skipped.
"$venv/bin/python" -c "import ray"
"$venv/bin/python" -m pytest -p no:cacheprovider tests/model_selection/test_clusters.py \
    "tests/test_code_blocks.py::test_blocks_of_python_run[docs/user_guide/cluster.rst-ray]" "$@"
