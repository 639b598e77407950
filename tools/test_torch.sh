#!/bin/sh
# Run the code of the pages for users of skorch and fastai, in an environment of its own with PyTorch.
#
# Usage: test_torch.sh [pytest argument ...]      PYTHON names the interpreter; without it the first suitable one is taken.
set -eu
CDPATH="" cd -- "$(dirname -- "$0")/.."

install() {
    PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt "$venv/bin/python" -m pip install --quiet \
        --no-input --disable-pip-version-check skorch fastai --editable ".[test]"
}

script=tools/test_torch.sh
. tools/side_venv.sh
side_venv .venv-torch
# Tests of packages that are not there would be skipped.
"$venv/bin/python" -W ignore -c "import skorch, fastai.vision.all"
# What these packages warn of is not ours.
"$venv/bin/python" -m pytest -p no:cacheprovider -W default tests/test_code_blocks.py \
    -k "blocks_of_python and (skorch or fastai)" "$@"
