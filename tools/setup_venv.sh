#!/bin/sh
# Bring .venv up to date: the package in place with its pinned dependencies, and the extras named.
#
# Usage: setup_venv.sh [extra ...]      PYTHON names the interpreter; without it the first suitable one is taken.
#
# .venv/skimgrec-state exists only while .venv is complete. It says what was installed from, in which folder, and with
# which extras. Without it the last install was interrupted or failed, and .venv is made anew.
set -eu
CDPATH="" cd -- "$(dirname -- "$0")/.."

venv=.venv
state=$venv/skimgrec-state
origin="from $(cat pyproject.toml constraints.txt | cksum)"
# An environment holds absolute paths: after a move it has to be made anew.
folder="in $PWD"

identity='import sys; print(sys.version, sys.base_prefix)'

is_usable() {
    grep -qxF "$folder" "$state" 2>/dev/null || return 1
    ours=$("$venv/bin/python" -c "$identity" 2>/dev/null) || return 1
    [ -z "${PYTHON:-}" ] || [ "$("$PYTHON" -c "$identity" 2>/dev/null)" = "$ours" ]
}

is_complete() {
    is_usable && grep -qxF "$origin" "$state" || return 1
    for extra in "$@"; do
        grep -qxF "extra $extra" "$state" || return 1
    done
}

# The mark goes last: a removal that is cut short must still be recognised as ours.
remove() {
    rm -rf "$venv"/[!m]*
    rm -rf "$venv"
}

give_up() {
    remove
    echo "The installation did not finish; $venv was removed. Run the same command again." >&2
    exit 1
}

if is_complete "$@"; then
    exit 0
fi

if [ -e "$venv" ] && [ ! -e "$venv/made-by-make" ]; then
    echo "$venv exists, but was not made by make: move it away or delete it, then run the same command again." >&2
    exit 1
fi

if ! is_usable; then
    if [ -n "${PYTHON:-}" ]; then
        python=$(sh tools/find_python.sh "$PYTHON")
    else
        python=$(sh tools/find_python.sh)
    fi
    echo "== Making $venv with $("$python" --version) ($python)"
    remove
    mkdir "$venv"
    : >"$venv/made-by-make"
    trap give_up HUP INT TERM
    "$python" -m venv "$venv" || give_up
fi

# Extras installed earlier come along, so that an update never leaves some of them behind.
extras=$({ [ ! -f "$state" ] || sed -n 's/^extra //p' "$state"; printf '%s\n' "$@"; } | sed '/^$/d' | sort -u)
rm -f "$state"
trap give_up HUP INT TERM
list=$(printf '%s' "$extras" | tr '\n' ',')
echo "== Installing skimgrec${list:+ with its extras $list} (the first time this downloads several hundred MB)"
# Both names: from pip 25.3 on, build environments no longer follow PIP_CONSTRAINT.
PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt PIP_USER=0 \
    "$venv/bin/python" -m pip install --no-input --disable-pip-version-check --editable ".${list:+[$list]}" || give_up
{
    echo "$origin"
    echo "$folder"
    for extra in $extras; do
        echo "extra $extra"
    done
} >"$state"
