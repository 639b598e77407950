# Sourced by test_jax.sh, test_ray.sh and test_torch.sh: an environment of its own for some tests, whole and of the wanted interpreter.
#
# side_venv FOLDER    makes FOLDER, if it has to be made, by the function `install`, which the caller, $script, defines.
#
# FOLDER/skimgrec-state exists only while FOLDER is complete. It says in which folder it was made and what from. Without
# it the last install was interrupted or failed, and FOLDER is made anew, as it is for another interpreter.
# PYTHON names the interpreter; without it any that FOLDER has will do, and the first suitable one makes it.

side_venv() {
    venv=$1
    identity='import sys; print(sys.version, sys.base_prefix)'
    origin="in $PWD from $(cat pyproject.toml constraints.txt tools/side_venv.sh "$script" | cksum)"
    if [ "$(cat "$venv/skimgrec-state" 2>/dev/null)" = "$origin" ] &&
        ours=$("$venv/bin/python" -c "$identity" 2>/dev/null) &&
        { [ -z "${PYTHON:-}" ] || [ "$("$PYTHON" -c "$identity" 2>/dev/null)" = "$ours" ]; }; then
        return
    fi
    python=$(sh tools/find_python.sh ${PYTHON:+"$PYTHON"})
    echo "== Making $venv with $("$python" --version) ($python)"
    # The mark goes first: a removal that is cut short must not leave what looks complete.
    rm -f "$venv/skimgrec-state"
    rm -rf "$venv"
    "$python" -m venv "$venv"
    install
    printf '%s\n' "$origin" >"$venv/skimgrec-state"
}
