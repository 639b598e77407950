"""What importing skimgrec costs, and in which direction its modules may import one another."""

import ast
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

import skimgrec

PACKAGE = Path(skimgrec.__file__).parent

# From the foundation up: a module imports from its own package and from lower rows only.
LAYERS = [
    {"utils"},
    {"datasets", "preprocessing"},
    {"feature_extraction"},
    {"neighbors", "neural_network"},
    {"persistence", "inspection"},
    {"model_selection"},
    {"reporting"},
    {"cli"},
]
LEVEL = {package: level for level, packages in enumerate(LAYERS) for package in packages}
# These two stand outside the order: the lazy public names, and `python -m skimgrec`, which starts the command line.
OUTSIDE = {"__init__", "__main__"}

# A result hands itself to the package above that shows it, when it is asked to: within the method, not on import.
HANDED_UP = {("model_selection/_result.py", "reporting")}

MODULES = sorted(PACKAGE.rglob("*.py"))
SUBPACKAGES = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))


def loaded_after(*statements):
    """Return the top-level modules that a fresh interpreter holds after running the statements."""
    code = [*statements, "import json, sys", "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"]
    answer = subprocess.run([sys.executable, "-c", "\n".join(code)], check=True, capture_output=True, text=True)
    return set(json.loads(answer.stdout.splitlines()[-1]))


def imported_names(path):
    """Return the dotted names that a module imports anywhere in its text, functions included."""
    package = ".".join(["skimgrec", *path.relative_to(PACKAGE).parts[:-1]])
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            names += [f"{module}.{alias.name}" for alias in node.names]
    return names


def home(dotted_name):
    """Return the subpackage that a dotted name of skimgrec leads to, None where that is no subpackage."""
    first = dotted_name.split(".")[1]
    return skimgrec._HOMES[first].split(".")[1] if first in skimgrec._HOMES else first if first in LEVEL else None


def test_import_loads_nothing_heavy():
    heavy = {"keras", "matplotlib", "numba", "pandas", "scikeras", "skimage", "tensorflow"}
    assert not loaded_after("import skimgrec") & heavy


def test_every_package_below_the_command_line_imports_without_tensorflow():
    loaded = loaded_after(
        *(f"import skimgrec.{name}" for name in SUBPACKAGES if name != "cli"),
        "skimgrec.HOGTransformer(), skimgrec.KerasCNNClassifier(), skimgrec.compare",
    )
    assert not loaded & {"keras", "scikeras", "tensorflow"}


def test_all_but_the_networks_work_without_tensorflow():
    loaded = loaded_after(
        "from skimgrec import HOGTransformer, ImageFlattener, candidates, compare, load_digits_images",
        "X, y = (array[:100] for array in load_digits_images(return_X_y=True))",
        "for step in (HOGTransformer(), ImageFlattener()): step.fit(X).transform(X)",
        "assert candidates()",
        "result = compare(['1nn', 'forest+hog'], X, y, cv=2, random_state=0)",
        "assert result.best and not any(row.error for row in result.rows), result",
        "str(result), result._repr_html_(), result.to_frame()",
    )
    assert {"sklearn", "pandas"} <= loaded
    assert not loaded & {"keras", "scikeras", "tensorflow"}


def test_public_names_lead_somewhere():
    assert set(skimgrec.__all__) <= set(dir(skimgrec))
    for name in skimgrec.__all__:
        assert getattr(skimgrec, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'HOGTransformr'"):
        skimgrec.HOGTransformr  # noqa: B018


def test_every_subpackage_has_a_layer():
    assert set(SUBPACKAGES) <= set(LEVEL)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path):
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if own in OUTSIDE:
        return
    targets = {home(name) for name in imported_names(path) if name.startswith("skimgrec.")} - {None, own}
    upward = {target for target in targets if LEVEL[target] >= LEVEL[own]}
    upward -= {target for module, target in HANDED_UP if module == path.relative_to(PACKAGE).as_posix()}
    assert not upward, f"{own} imports from {', '.join(sorted(upward))}, which is not below it"


@pytest.mark.parametrize(("module", "target"), sorted(HANDED_UP))
def test_what_is_handed_up_is_loaded_when_it_is_asked_for(module, target):
    path = PACKAGE / module
    assert any(home(name) == target for name in imported_names(path) if name.startswith("skimgrec.")), "not needed"
    name = ".".join(["skimgrec", *path.relative_to(PACKAGE).with_suffix("").parts])
    code = f"import {name}, sys; print(any(name.startswith('skimgrec.{target}') for name in sys.modules))"
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert answer.stdout.strip() == "False"


def test_one_module_touches_scikeras():
    touching = [path for path in MODULES if any(name.split(".")[0] == "scikeras" for name in imported_names(path))]
    assert [str(path.relative_to(PACKAGE)) for path in touching] == ["neural_network/_scikeras.py"]
