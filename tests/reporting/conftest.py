import dataclasses
from collections import Counter
from html.parser import HTMLParser

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from skimgrec.model_selection import ComparisonResult, FoldRow


@pytest.fixture
def make_result():
    """Return a function that makes the result of a comparison without fitting anything."""

    def make(
        shares,
        *,
        n=200,
        class_names=("cat", "dog", "owl"),
        n_folds=5,
        probabilities=True,
        train_sizes=(),
        seed=0,
        **changes,
    ):
        """Make a result of classifiers of these names, which answer these shares of the pictures rightly."""
        rng = np.random.default_rng(seed)
        n_classes = len(class_names)
        target = np.arange(n) % n_classes
        folds = np.array_split(rng.permutation(n), n_folds) if n_folds > 1 else [np.arange(n)[:: max(1, n // 40)]]

        def row(name, position, share, fold, size=None):
            rows = np.sort(folds[fold])
            right = rng.random(len(rows)) < share * (1 if size is None else size**0.2)
            predicted = np.where(right, target[rows], rng.integers(0, n_classes, len(rows)))
            given = None
            if probabilities:
                given = rng.random((len(rows), n_classes)).astype(np.float32)
                given[np.arange(len(rows)), predicted] += 2
                given /= given.sum(axis=1, keepdims=True)
            return FoldRow(
                estimator=name,
                fold=fold,
                n_train=round((n - len(rows)) * (size or 1)),
                n_test=len(rows),
                scores={
                    "accuracy": float(accuracy_score(target[rows], predicted)),
                    "f1_macro": float(f1_score(target[rows], predicted, average="macro", zero_division=0)),
                },
                fit_time=0.01 * 3.0**position * (1 + fold / 10),
                predict_time=0.02 + 0.01 * position,
                peak_memory=1e6 * (position + 1),
                model_size=1e5 * (position + 1),
                train_size=size,
                predicted=predicted.tolist(),
                probabilities=given,
            )

        names = list(shares)
        result = ComparisonResult(
            rows=[row(name, names.index(name), shares[name], fold) for name in names for fold in range(n_folds)],
            partial_rows=[
                row(name, names.index(name), shares[name], fold, size)
                for name in names
                for size in train_sizes
                for fold in range(n_folds)
            ],
            metrics=("accuracy", "f1_macro"),
            estimators={name: f"Made(share={share})" for name, share in shares.items()},
            cv=f"{n_folds} stratified folds" if n_folds > 1 else "hold-out",
            n_folds=n_folds,
            seed=seed,
            n_samples=n,
            picture_shape=(8, 8),
            class_names=list(class_names),
            target=target.tolist(),
            test_rows=[np.sort(rows).tolist() for rows in folds],
            data_name="made",
            data_fingerprint="0123abcd",
            splits_fingerprint="4567ef01",
            versions={"python": "3.13.0", "skimgrec": "0.1.0"},
            date="2026-01-02T03:04:05+00:00",
        )
        return dataclasses.replace(result, **changes)

    return make


class Page(HTMLParser):
    """A page of HTML, checked while it is read: every element is closed where it was opened."""

    VOID = frozenset(("br", "col", "hr", "img", "input", "link", "meta", "wbr"))
    SVG = frozenset(("circle", "line", "path", "polygon", "polyline", "rect", "use"))

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.text = [], Counter(), []
        self.attributes = []
        self.content = {"script": [], "style": []}
        self.feed(text)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute of {tag} is there twice: {names}"
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in self.VOID:
            self.open.append(tag)
        if tag in self.content:
            self.content[tag].append("")

    def handle_startendtag(self, tag, attrs):
        assert tag in self.SVG, f"{tag} cannot close itself"
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data):
        if self.open and self.open[-1] in self.content:
            self.content[self.open[-1]][-1] += data
        else:
            self.text.append(data)

    @property
    def words(self):
        """The text that is shown."""
        return " ".join("".join(self.text).split())

    def values(self, name, tag=None):
        """Return the values of an attribute in the order of the page."""
        return [value for owner, attribute, value in self.attributes if attribute == name and tag in (None, owner)]


@pytest.fixture
def read():
    """Return a function that reads a page of HTML and checks that it is well-formed, with ids that are unique."""

    def checked(text):
        page = Page(text)
        ids = page.values("id")
        assert len(ids) == len(set(ids)), [name for name, count in Counter(ids).items() if count > 1]
        for reference in ("aria-labelledby", "aria-describedby", "aria-controls"):
            for value in page.values(reference):
                assert set(value.split()) <= set(ids), f"{reference}={value!r} leads nowhere"
        for target in page.values("href"):
            assert target.startswith("#"), f"a link leads out of the page: {target}"
            assert target[1:] in ids, f"{target} leads nowhere"
        return page

    return checked
