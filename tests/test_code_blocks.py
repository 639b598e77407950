"""The code in the README and the documentation runs: every ``>>>``, and every block of Python.

The blocks of a page are executed in order, in one namespace, as a reader goes through them. What the page takes for
granted is made beforehand by a function of `CASES`, and what no test can have is replaced there, text for text.
"""

import ast
import doctest
import re
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from skimage.io import imsave

import skimgrec
from skimgrec import (
    ImageFlattener,
    ImageLoader,
    KerasCNNClassifier,
    load_digits_images,
    load_image_folder,
    save_model,
)
from skimgrec.neural_network import load_keras

from ._pages import PAGES, ROOT, Block, blocks, n_unseen


def python_blocks(page: str) -> list[Block]:
    return [block for block in blocks(page, PAGES[page]) if block.language == "python"]


class Case(NamedTuple):
    """Blocks of a page, and what they need.

    `prepare(names, folder, request)` puts what the page takes for granted into `names`, the namespace, and into
    `folder`, where the blocks then run. `replaced` maps text of the page to what stands for it, `afterwards(names)`
    looks at what came out, with the value of the last line as ``_``.
    """

    page: str
    prepare: Callable[[dict[str, Any], Path, pytest.FixtureRequest], None]
    replaced: dict[str, str] | None = None
    numbers: tuple[int, ...] | None = None
    package: str | None = None
    afterwards: Callable[[dict[str, Any]], None] | None = None


def make_pictures(folder: Path, n: int = 6) -> None:
    """Write some pictures each of two classes."""
    rng = np.random.default_rng(0)
    for level, name in ((60, "cat"), (120, "dog")):
        (folder / name).mkdir(parents=True)
        for number in range(n):
            picture = rng.integers(level, level + 60, size=(40, 48, 3), dtype=np.uint8)
            imsave(folder / name / f"{number}.png", picture, check_contrast=False)


def two_digits() -> tuple[np.ndarray, np.ndarray]:
    """Return a few pictures of two classes."""
    X, y = load_digits_images(return_X_y=True)
    chosen = np.flatnonzero(y < 2)[:40]
    return X[chosen], y[chosen]


def pictures_alone(names, folder, request):
    make_pictures(folder / "pictures")


def dask_cluster(names, folder, request):
    from distributed import LocalCluster
    from sklearn.pipeline import make_pipeline

    make_pictures(folder / "pictures")
    stack = ExitStack()
    request.addfinalizer(stack.close)
    cluster = stack.enter_context(LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None))
    stack.callback(lambda: names["client"].close() if "client" in names else None)
    X, y = two_digits()
    names.update(vars_of("compare", "candidates", "load_image_folder", "ImageLoader"))
    names.update(cluster=cluster, folder=folder, X=X, y=y, make_pipeline=make_pipeline)


def ray_cluster(names, folder, request):
    import ray

    request.addfinalizer(ray.shutdown)
    X, y = two_digits()
    names.update(vars_of("compare"), folder=folder, X=X, y=y)


def importable(folder: Path, name: str, request: pytest.FixtureRequest) -> None:
    """Let a module of a folder be imported until the test ends."""
    monkeypatch = request.getfixturevalue("monkeypatch")
    monkeypatch.syspath_prepend(folder)
    # Noted as set, so that it is forgotten at the end.
    monkeypatch.setitem(sys.modules, name, None)
    del sys.modules[name]


def vars_of(*wanted: str) -> dict[str, Any]:
    """Return public names of skimgrec that a page uses without importing them again."""
    return {name: getattr(skimgrec, name) for name in wanted}


def two_digits_and_network(names, folder, request):
    X, y = two_digits()
    names.update(X=X, y=y, KerasCNNClassifier=KerasCNNClassifier)


def fitted_network(names):
    assert names["cnn"].predict(names["X"]).shape == names["y"].shape


def model_of_photographs(names, folder, request):
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    make_pictures(folder / "pictures")
    pictures = load_image_folder(folder / "pictures", load_images=False)
    model = make_pipeline(ImageLoader((16, 16)), ImageFlattener(), LogisticRegression(max_iter=1000))
    save_model(model.fit(pictures.filenames, pictures.target_names[pictures.target]), folder / "cats.skimgrec")
    (folder / "new").mkdir()
    for number, name in ((1, "cat"), (2, "dog")):
        (folder / "pictures" / name / "0.png").rename(folder / "new" / f"{number}.jpg")


def classes_of_photographs(names):
    assert names["_"].tolist() == ["cat", "dog"]


def pretrained_weights(names, folder, request):
    keras = load_keras()
    make_pictures(folder / "pictures")
    file = folder / "x.weights.h5"
    keras.applications.MobileNetV3Small(include_top=False, weights=None).save_weights(file)
    file.rename(folder / "weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5")
    names["small"] = {
        "weights": request.getfixturevalue("backbone_file"),
        "backbone_params": {"alpha": 0.1},
        "image_size": (32, 32),
    }


def pretrained_model_and_file(names):
    assert names["_"].predict(names["folder"].filenames).shape == (12,)
    assert skimgrec.load_model("mine.skimgrec").predict(names["folder"].filenames).shape == (12,)
    by_path = names["PretrainedTransformer"](weights="weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5")
    assert by_path.fit_transform(np.zeros((1, 96, 96, 3), np.uint8)).shape == (1, 576)


MODULE = """
from sklearn.base import BaseEstimator, TransformerMixin


class MyTransformer(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X[:, 1:]


def build_network(input_shape, n_outputs):
    import keras

    return keras.Sequential(
        [keras.Input(input_shape), keras.layers.Flatten(), keras.layers.Dense(n_outputs, activation="softmax")]
    )
"""


def model_of_own_code(names, folder, request):
    from sklearn.pipeline import make_pipeline

    (folder / "mymodule.py").write_text(MODULE)
    importable(folder, "mymodule", request)
    import mymodule

    network = KerasCNNClassifier(architecture=mymodule.build_network, epochs=1, random_state=0)
    save_model(make_pipeline(mymodule.MyTransformer(), network).fit(*two_digits()), folder / "model.skimgrec")
    names.update(vars_of("load_model"))


def loaded_own_code(names):
    assert names["_"].predict(two_digits()[0]).shape == (40,)


def class_of_the_page(names, folder, request):
    # Pickles need a module to find it in.
    examples = [one.source for one in doctest.DocTestParser().get_examples(PAGES["docs/extending.rst"])]
    last = next(number for number, source in enumerate(examples) if source.startswith("class "))
    (folder / "ink.py").write_text("".join(examples[: last + 1]))
    importable(folder, "ink", request)
    import ink

    names.update(InkTransformer=ink.InkTransformer)


def all_checks_passed(names):
    assert {check["status"] for check in names["_"]} <= {"passed", "skipped", "xfail"}
    assert len(names["_"]) > 40


def network_of_keras(names, folder, request):
    keras = load_keras()
    layers = [keras.layers.Conv2D(2, 3, activation="relu"), keras.layers.Flatten()]
    model = keras.Sequential([keras.Input((16, 16, 3)), *layers, keras.layers.Dense(1, activation="sigmoid")])
    model.compile("rmsprop", "binary_crossentropy")
    model.save(folder / "cats_and_dogs.h5")
    more = np.random.default_rng(0).integers(0, 256, size=(8, 16, 16, 3), dtype=np.uint8)
    names.update(vars_of("import_model", "save_model"), pictures=more[:4], more=more, labels=["cats", "dogs"] * 4)


def imported_network(names):
    loaded = skimgrec.load_model("cats_and_dogs.skimgrec")
    assert set(loaded.predict(names["pictures"])) <= {"cats", "dogs"}


def digits_for_keras(names, folder, request):
    keras = load_keras()
    X, y = load_digits_images(return_X_y=True)
    names.update(keras=keras, layers=keras.layers, X_train=X[:1000], y_train=y[:1000], X_test=X[1000:], y_test=y[1000:])


def accuracy_of_keras(names):
    assert names["accuracy"] > 0.5


def scikeras_classes(names, folder, request):
    from sklearn.model_selection import GridSearchCV

    keras = load_keras()
    from scikeras.wrappers import KerasClassifier

    names.update(keras=keras, KerasClassifier=KerasClassifier, GridSearchCV=GridSearchCV)


def scikeras_classifier(names):
    X, y = load_digits_images(return_X_y=True)
    X, y = X[:60].reshape(60, -1), y[:60]
    # A seed would switch TensorFlow's deterministic operations on for all other tests in this process.
    settings = {"model__units": 16, "optimizer__learning_rate": 0.01, "random_state": None}
    assert set(names["search"].param_grid) <= set(settings)
    assert names["search"].estimator.set_params(**settings, epochs=1).fit(X, y).predict(X).shape == (60,)


def skorch_module(names, folder, request):
    import torch
    from sklearn.base import BaseEstimator, TransformerMixin
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline
    from skorch import NeuralNetClassifier

    class ToFloat32AndChannelsFirst(TransformerMixin, BaseEstimator):
        def fit(self, X, y=None):
            return self

        def transform(self, X):
            return X[:, None].astype(np.float32)

    class Module(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 2))

        def forward(self, X):
            return self.layers(X)

    X, y = two_digits()
    names.update(torch=torch, NeuralNetClassifier=NeuralNetClassifier, Module=Module, X=X, y=y)
    names.update(ToFloat32AndChannelsFirst=ToFloat32AndChannelsFirst)
    names.update(make_pipeline=make_pipeline, cross_val_score=cross_val_score)


def fastai_names(names, folder, request):
    make_pictures(folder / "pictures", 60)  # a batch has 64, and fewer pictures are not learnt from
    exec("from fastai.vision.all import *", names)


def skorch_scores(names):
    assert names["_"].shape == (2,)
    assert np.isfinite(names["_"]).all()


def fastai_learner(names):
    learner = names["load_learner"]("pictures/model.pkl")  # beside what it has learnt from
    assert learner.predict("pictures/dog/0.png")[0] in ("cat", "dog")
    assert len(names["learn"].recorder.losses) == 3  # a batch in each epoch


# A network would be trained in processes of their own, each of which loads TensorFlow.
QUICK = {'"cnn"': '"1nn"'}
SHARED = {'"/shared/': 'f"{folder}/'}
CASES = [
    Case("README.md", pictures_alone),
    Case(
        "docs/user_guide/cluster.rst",
        dask_cluster,
        {**SHARED, **QUICK, '"tcp://scheduler:8786"': "cluster"},
        numbers=(0, 2),
    ),
    Case(
        "docs/user_guide/cluster.rst",
        ray_cluster,
        {**SHARED, **QUICK, 'address="auto"': "num_cpus=2, include_dashboard=False, log_to_driver=False"},
        numbers=(1,),
        package="ray",
    ),
    Case("docs/extending.rst", class_of_the_page, afterwards=all_checks_passed),
    Case("docs/user_guide/exporting.rst", network_of_keras, afterwards=imported_network),
    Case("docs/user_guide/model_files.rst", model_of_own_code, afterwards=loaded_own_code),
    Case("docs/user_guide/networks.rst", two_digits_and_network, afterwards=fitted_network),
    Case(
        "docs/user_guide/pretrained.rst",
        pretrained_weights,
        {
            'PretrainedTransformer("EfficientNetB0")': 'PretrainedTransformer("mobilenet", **small)',
            'architecture="mobilenet_v3_small", weights="imagenet"': 'architecture="mobilenet", **small',
            "ImageLoader((224, 224))": "ImageLoader((32, 32))",
            "epochs=10": "epochs=2",
        },
        afterwards=pretrained_model_and_file,
    ),
    Case("docs/user_guide/programs.rst", model_of_photographs, afterwards=classes_of_photographs),
    Case("docs/coming_from/keras.rst", digits_for_keras, afterwards=accuracy_of_keras),
    Case("docs/coming_from/scikeras.rst", scikeras_classes, afterwards=scikeras_classifier),
    Case("docs/coming_from/skorch.rst", skorch_module, package="skorch", afterwards=skorch_scores),
    Case(
        "docs/coming_from/fastai.rst",
        fastai_names,
        {"metrics=accuracy)\n": "metrics=accuracy, pretrained=False)\n"},
        package="fastai",
        afterwards=fastai_learner,
    ),
]


def replace(text: str, replaced: dict[str, str]) -> str:
    """Return a text with each of some parts replaced by its stand-in."""
    for part, stand_in in replaced.items():
        assert part in text, f"{part!r} is to be replaced by {stand_in!r}, and is not in the blocks any more"
        text = text.replace(part, stand_in)
    return text


compare = skimgrec.compare


def compare_without_failures(*args, **kwargs):
    """Compare; a fit that fails would only be a line of the result."""
    result = compare(*args, **kwargs)
    assert [row.error for row in result.rows] == [None] * len(result.rows)
    assert result.rows
    return result


# Keras reads TensorFlow's variables in a way that NumPy 2 deprecates, where it saves a network.
@pytest.mark.filterwarnings("ignore:__array__ implementation")
@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(filter(None, (case.page, case.package))))
def test_blocks_of_python_run(case, tmp_path, monkeypatch, request):
    there = python_blocks(case.page)
    # Blank lines stand for what is between the blocks, so that errors name the lines of the page.
    lines = [""] * PAGES[case.page].count("\n")
    for number in case.numbers or range(len(there)):
        text = there[number].text.splitlines()
        lines[there[number].line : there[number].line + len(text)] = text
    code = replace("\n".join(lines), case.replaced or {})
    tree = ast.parse(code, case.page)
    if case.package is not None:
        pytest.importorskip(case.package)
    names: dict[str, Any] = {"__name__": "page"}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(skimgrec, "compare", compare_without_failures)
    case.prepare(names, tmp_path, request)
    last = tree.body[-1]
    if isinstance(last, ast.Expr):
        tree.body[-1] = ast.copy_location(ast.Assign([ast.Name("_", ast.Store())], last.value), last)
    exec(compile(ast.fix_missing_locations(tree), case.page, "exec"), names)
    if case.afterwards is not None:
        case.afterwards(names)


@pytest.mark.parametrize("page", PAGES)
def test_no_block_is_left_out(page):
    # The page of benchmarks, which is generated, has what the scripts say of themselves as plain text.
    if page != "docs/benchmarks.rst":
        assert n_unseen(page, PAGES[page]) == 0, f"{page} has a block that is written in a way unknown here"
    for block in blocks(page, PAGES[page]):
        assert block.text.strip(), f"{page}:{block.line} has a block whose text is not found"
        assert block.language in {"python", "console", "sh", "text"}, (
            f"{page}:{block.line} has a block of {block.language!r}, which no test looks at. Python is executed, "
            "console and sh are checked for commands, text is text."
        )
    run = sorted(
        number for case in CASES if case.page == page for number in case.numbers or range(len(python_blocks(page)))
    )
    assert run == list(range(len(python_blocks(page)))), (
        f"{page} has {len(python_blocks(page))} blocks of Python, and the tests run those numbered {run}, from 0. "
        "Give the others a Case in CASES, with what they need."
    )


def test_blocks_are_found_and_stale_replacements_refused():
    page = (
        "Text\n\n.. code-block:: python\n\n   a = 1\n\n   b = 2\n\n- item\n\n  .. code-block:: text\n\n     x\n\nEnd\n"
    )
    assert blocks("x.rst", page) == [Block("python", 3, "\na = 1\n\nb = 2\n\n"), Block("text", 11, "\nx\n\n")]
    assert blocks("x.md", "A\n```python\na = 1\n```\n") == [Block("python", 2, "a = 1\n")]
    assert blocks("x.md", "- A\n\n  ~~~python \n  a = 1\n  ~~~\n") == [Block("python", 3, "a = 1\n")]
    assert n_unseen("x.rst", page) == n_unseen("x.md", "A\n```{python} x\na = 1\n```\n") == 0
    assert n_unseen("x.rst", "Text::\n\n   a = 1\n") == n_unseen("x.md", "A\n> ```\n> a = 1\n> ```\n") - 1 == 1
    with pytest.raises(AssertionError, match="'epochs=9' is to be replaced"):
        replace("epochs=10", {"epochs=9": "epochs=1"})


@pytest.mark.parametrize("folder", ["skimgrec", "examples"])
def test_docstrings_and_examples_have_no_blocks_that_nothing_runs(folder):
    for path in (ROOT / folder).glob("**/*.py"):
        assert "code-block::" not in path.read_text(encoding="utf-8"), f"{path}: write >>>, which is executed"


@pytest.mark.parametrize("page", [page for page, text in PAGES.items() if re.search("^ *>>> ", text, re.M)])
def test_examples_at_a_prompt_run(page):
    options = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    outcome = doctest.testfile(str(ROOT / page), module_relative=False, optionflags=options, encoding="utf-8")
    assert outcome.attempted > 0
    assert outcome.failed == 0
