"""Every public docstring agrees with the signature it stands under."""

import dataclasses
import importlib
import inspect
import re
from pathlib import Path

import pytest
from numpydoc.docscrape import ClassDoc, FunctionDoc
from numpydoc.validate import validate

import skimgrec

PACKAGES = [
    "skimgrec",
    *(f"skimgrec.{path.parent.name}" for path in Path(skimgrec.__file__).parent.glob("*/__init__.py")),
]
# numpydoc's checks that are about truth; those about house style are ruff's.
TRUE = {
    "GL03",  # two blank lines in a row
    "GL06",  # unknown section
    "GL07",  # sections in the wrong order
    "GL08",  # no docstring
    "SS01",  # no summary
    "PR02",  # a description without a parameter
    "PR03",  # the wrong order
    "PR10",  # "name: type" without the space
}
# Those about completeness, for what the API reference lists. A helper may say it all in one sentence.
COMPLETE = TRUE | {
    "PR01",  # a parameter without a description
    "PR04",  # no type
    "PR07",  # no text
    "RT03",  # a return value without text
    "YD01",  # a generator without a Yields section
}
# numpydoc checks defaults by presence only.
DEFAULT = re.compile(r"default\s*[=:]?\s*(?P<value>.+)$")


def public_objects():
    """Return {dotted name: object} of all public classes and functions, each once, and the classes' own methods."""
    objects = {}
    for package in PACKAGES:
        module = importlib.import_module(package)
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name)
            if callable(value) and value.__module__.startswith("skimgrec.") and value not in objects.values():
                objects[f"{package}.{name}"] = value
    return objects


OBJECTS = public_objects()
REFERENCE = (Path(__file__).resolve().parents[1] / "docs" / "api.rst").read_text(encoding="utf-8")
# Whole, such as "skimgrec.compare" and "skimgrec.utils.read_chunks".
LISTED = {f"skimgrec.{name}" for name in re.findall(r"^   (\w[\w.]*)$", REFERENCE, flags=re.MULTILINE)}
FIRST_RANK = [dotted for dotted in OBJECTS if dotted in LISTED]
METHODS = [
    f"{dotted}.{name}"
    for dotted, value in OBJECTS.items()
    if inspect.isclass(value)
    for name, member in vars(value).items()
    if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, (classmethod, staticmethod)))
]


def documented_defaults(value):
    doc = ClassDoc(value) if inspect.isclass(value) else FunctionDoc(value)
    found = {}
    for parameter in doc["Parameters"]:
        match = DEFAULT.search(parameter.type)
        for name in parameter.name.split(", "):
            found[name] = match["value"].strip() if match else None
    return found


def test_every_public_name_is_found():
    assert {name.rpartition(".")[2] for name in OBJECTS} >= set(skimgrec.__all__) - {"__version__"}


def test_the_reference_lists_what_is_imported_from_the_package_and_nothing_that_is_not_there():
    assert {f"skimgrec.{name}" for name in skimgrec.__all__} - {"skimgrec.__version__"} <= LISTED
    assert set(OBJECTS) >= LISTED


@pytest.mark.parametrize("dotted", [*OBJECTS, *METHODS])
def test_docstring_agrees_with_signature(dotted):
    checks = COMPLETE if dotted.startswith(tuple(FIRST_RANK)) else TRUE
    errors = [f"{code}: {text}" for code, text in validate(dotted)["errors"] if code in checks]
    assert not errors


# Users get results and errors as they are and build none, so their constructors' defaults are nobody's business.
BUILT_BY_USERS = [
    dotted
    for dotted, value in OBJECTS.items()
    if not dataclasses.is_dataclass(value) and not (inspect.isclass(value) and issubclass(value, Exception))
]


@pytest.mark.parametrize("dotted", BUILT_BY_USERS)
def test_documented_defaults_are_the_real_ones(dotted):
    value = OBJECTS[dotted]
    written = documented_defaults(value)
    for name, parameter in inspect.signature(value).parameters.items():
        default = parameter.default
        if name not in written or default is inspect.Parameter.empty:
            continue
        if written[name] is None:
            assert dotted not in FIRST_RANK, f"{dotted}: {name} does not state its default, {default!r}"
            continue
        stated = written[name].strip("`").replace('"', "'")
        assert stated == repr(default).replace('"', "'"), f"{dotted}: {name} says default={stated}, it is {default!r}"


@pytest.mark.parametrize(
    "dotted", [dotted for dotted in FIRST_RANK if dotted in BUILT_BY_USERS and inspect.isclass(OBJECTS[dotted])]
)
def test_classes_show_an_example(dotted):
    assert ">>>" in inspect.getdoc(OBJECTS[dotted])
