"""Configuration of the documentation. The build needs no network."""

import os
import re

# TensorFlow's start-up notes would land in the gallery's captured output.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

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

autosummary_generate = True
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


def setup(app):
    # After numpydoc, which runs at the default priority, 500.
    app.connect("autodoc-process-docstring", escape_shapes, priority=900)
