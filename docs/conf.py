"""Configuration of the documentation. The build needs no network."""

import importlib
import inspect
import os
import re
from pathlib import Path

# TensorFlow's start-up notes would land in the gallery's captured output.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from numpydoc.docscrape import NumpyDocString
from sphinx.util.nodes import make_refnode
from sphinx_gallery.sorting import ExplicitOrder

import skimgrec

project = "skimgrec"
author = "The skimgrec developers"
copyright = "2026, The skimgrec developers"
version = release = skimgrec.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build"]
templates_path = ["_templates"]
html_static_path = ["_static"]
default_role = "py:obj"
# Quotes stand for Python strings here.
smartquotes = False


def methods_from_bases():
    """Return the methods that each class of the reference has from base classes in skimgrec, by its full name."""
    found, reference = {}, Path(__file__).with_name("api.rst").read_text(encoding="utf-8")
    for name in re.findall(r"^   (\w[\w.]*)$", reference, flags=re.MULTILINE):
        module, _, last = f"skimgrec.{name}".rpartition(".")
        bases = getattr(getattr(importlib.import_module(module), last), "__mro__", ())[1:]
        ours = [vars(base) for base in bases if base.__module__.startswith("skimgrec.")]
        found[f"skimgrec.{name}"] = sorted({key for one in ours for key in one if inspect.isroutine(one[key])})
    return found


autosummary_generate = True
autosummary_context = {"methods_from_bases": methods_from_bases()}
autodoc_typehints = "none"
# The class template lists the methods; numpydoc would list them, and the inherited ones, a second time.
numpydoc_show_class_members = False

# All examples are run, or those of `.ci/run` alone: pages whose pictures come from the others then have none.
GALLERIES = {"all": "/plot_", "quick": r"/plot_(compare_digits|concepts|hog)\.py"}
gallery = os.environ.get("SKIMGREC_GALLERY") or "all"
if gallery not in GALLERIES:
    raise ValueError(f"SKIMGREC_GALLERY={gallery!r}, expected one of {', '.join(GALLERIES)}.")
if gallery == "quick":
    suppress_warnings = ["image.not_readable"]

# The order of the flow; an example that is not named here stops the build.
EXAMPLES = (
    *("compare_digits", "concepts"),
    *("tutorial_mnist", "tutorial_perceptron", "tutorial_cats_and_dogs", "tutorial_program"),
    *("tutorial_lenet", "tutorial_cifar10"),
    *("check", "streaming"),
    *("hog", "features", "patches", "pretrained"),
    *("training", "cnn_features", "gridsearch_cnn", "hidden_units"),
    *("report", "resume", "dask"),
    *("similar", "pictures_as_points", "why", "unknown"),
)

sphinx_gallery_conf = {
    "within_subsection_order": ExplicitOrder([f"plot_{name}.py" for name in EXAMPLES]),
    "filename_pattern": GALLERIES[gallery],
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "doc_module": ("skimgrec",),
    "backreferences_dir": "generated/backreferences",
    "abort_on_example_error": True,
    "show_memory": False,
    "remove_config_comments": True,
}

toc_object_entries_show_parents = "hide"

html_theme = "pydata_sphinx_theme"
html_title = "skimgrec"
html_css_files = ["skimgrec.css"]
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "skimgrec"},
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": False,
    "footer_start": ["copyright"],
    "footer_end": [],
}
# Pages without sub-pages have nothing to show there.
html_sidebars = {name: [] for name in ("index", "install", "api", "faq", "extending", "benchmarks")}


def escape_shapes(app, what, name, obj, options, lines):
    """Keep "(n_features_in_,)" in a type from being read as a link to a target called n_features_in."""
    lines[:] = [line if ">>>" in line else re.sub(r"\((\w+)_,", r"(\1\\_,", line) for line in lines]


def is_listed(name, entry):
    """Return whether an entry of the reference is a function, a class or an error, under its public name."""
    return entry.objtype in {"function", "class", "exception"} and not entry.aliased and name.startswith("skimgrec.")


def attributes_of(name):
    """Return the attributes and parameters of a class, which have no entries of their own in the reference."""
    module, _, name = name.rpartition(".")
    docstring = NumpyDocString(inspect.getdoc(getattr(importlib.import_module(module), name)))
    listed = [*docstring["Attributes"], *docstring["Parameters"]]
    return {one for entry in listed for one in entry.name.split(", ")}


def link_public_names(app, env, node, contnode):
    """Link what Sphinx cannot: public names on pages that are in no module, or in another one than the name.

    So `compare` and `ComparisonResult.pairwise` lead to the reference wherever they are mentioned, and an attribute to
    its class. What looks like one of them and is none stays plain code, which tools/check_links.py reports.
    """
    written = re.fullmatch(r"(?:skimgrec\.(?:[a-z_]+\.)*)?(\w+)(?:\.(\w+))?(?:\(\))?", node.get("reftarget") or "")
    if node.get("refdomain") != "py" or not written:
        return None
    name, member = written.groups()
    objects = env.get_domain("py").objects
    public = {full.rpartition(".")[2]: full for full, entry in objects.items() if is_listed(full, entry)}
    if name not in public:
        return None
    target = f"{public[name]}.{member}" if member else public[name]
    if target not in objects and member in attributes_of(public[name]):
        target = public[name]
    if target not in objects:
        return None
    entry = objects[target]
    return make_refnode(app.builder, node["refdoc"], entry.docname, entry.node_id, contnode, target)


def setup(app):
    app.connect("missing-reference", link_public_names)
    # After numpydoc, which runs at the default priority, 500.
    app.connect("autodoc-process-docstring", escape_shapes, priority=900)
