#!/bin/sh
# Run the tests of the networks on JAX, in an environment of its own without TensorFlow.
#
# Usage: test_jax.sh [pytest argument ...]      PYTHON names the interpreter; without it the first suitable one is taken.
set -eu
CDPATH="" cd -- "$(dirname -- "$0")/.."

install() {
    # All that skimgrec and its tests need, but for TensorFlow.
    needs=$("$venv/bin/python" -c '
import tomllib
project = tomllib.load(open("pyproject.toml", "rb"))["project"]
for need in [*project["dependencies"], *project["optional-dependencies"]["test"]]:
    if not need.startswith("tensorflow"):
        print(need)
')
    # shellcheck disable=SC2086  # one word for each requirement
    PIP_CONSTRAINT=constraints.txt "$venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check \
        jax $needs
    PIP_BUILD_CONSTRAINT=constraints.txt "$venv/bin/python" -m pip install --quiet --no-input \
        --disable-pip-version-check --no-deps --editable .
}

script=tools/test_jax.sh
. tools/side_venv.sh
side_venv .venv-jax
# Keras converts JAX's arrays in a way that NumPy 2 deprecates.
KERAS_BACKEND=jax "$venv/bin/python" -m pytest -p no:cacheprovider -W "ignore:__array__ implementation" \
    "${@:-tests/neural_network}"
