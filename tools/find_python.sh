#!/bin/sh
# Print the first interpreter that skimgrec can be installed with. If there is none, say why and what to do, and fail.
#
# Usage: find_python.sh [candidate ...]
set -u

[ $# -gt 0 ] || set -- python3.13 python3.12 python3.11 python3 python

# A candidate is judged by running it: a command of that name may exist and still not start (version managers' shims).
probe='
import sys
version = "%d.%d.%d" % sys.version_info[:3]
if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    print("Python " + version)
elif sys.implementation.name != "cpython":
    print(sys.implementation.name + " " + version)
else:
    try:
        import ensurepip, venv
        print("suitable")
    except ImportError:
        print("without-venv %d.%d" % sys.version_info[:2])
'

seen=
without_venv=
for candidate in "$@"; do
    if ! command -v "$candidate" >/dev/null 2>&1; then
        seen="$seen
  $candidate: not found"
        continue
    fi
    answer=$("$candidate" -c "$probe" 2>/dev/null) || answer="does not start"
    case $answer in
        suitable)
            printf '%s\n' "$candidate"
            exit 0
            ;;
        without-venv*)
            without_venv=${without_venv:-${answer#without-venv }}
            answer="Python ${answer#without-venv }, but its venv or ensurepip module is missing"
            ;;
    esac
    seen="$seen
  $candidate: $answer"
done

{
    echo "skimgrec needs CPython 3.11, 3.12 or 3.13 with its venv module, and found none:$seen"
    echo
    if [ -n "$without_venv" ]; then
        echo "To fix it: install the missing module. On Debian and Ubuntu that is"
        echo "  sudo apt install python$without_venv-venv"
    else
        echo "To fix it: install one of these versions, from python.org or your system's packages"
        echo "(for example: sudo apt install python3.12 python3.12-venv)."
    fi
    echo "If you have one elsewhere, name it: make compare PYTHON=/path/to/python3.12"
} >&2
exit 1
