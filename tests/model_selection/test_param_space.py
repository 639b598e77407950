"""What may be tried for a parameter: reading, checking, drawing."""

import numpy as np
import pytest
from scipy.stats import loguniform, norm, randint
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skimgrec import HOGTransformer, ImageFlattener, candidates
from skimgrec.model_selection._param_space import (
    ParameterRange,
    as_range,
    checked_space,
    described,
    full_names,
    grid_of,
    parse_params,
    parse_values,
    sample_of,
    setting_name,
)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("16,32", [16, 32]),
        (" 0.5 , 1e-3", [0.5, 1e-3]),
        ("adam,sgd", ["adam", "sgd"]),
        ("'a,b',\"c:d\"", ["a,b", "c:d"]),
        ("None,True,'none'", [None, True, "none"]),
        ("(10),(100)", [10, 100]),
        ("(10,),(50,20),()", [(10,), (50, 20), ()]),
        ("[[1, 2], 3],{'a': 1}", [[[1, 2], 3], {"a": 1}]),
        ("-1", [-1]),
        ("010,inf,-inf", [10, float("inf"), -float("inf")]),
        ("'1:2','3:4'", ["1:2", "3:4"]),
        (r"'it\'s, so','b'", ["it's, so", "b"]),
        ("1:9", ParameterRange(1, 9)),
        ("1:9.5", ParameterRange(1.0, 9.5)),
        ("1e-4:1e-1:log", ParameterRange(1e-4, 1e-1, log=True)),
        ("-3 : 3", ParameterRange(-3, 3)),
    ],
)
def test_values_are_read_as_python_literals_ranges_or_words(text, values):
    found = parse_values("p", text)
    assert found == values
    assert repr(found) == repr(values)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "p: a value is empty"),
        ("1,,2", "p: a value is empty"),
        ("(1,2", r"p=\(1,2: a closing \) is missing"),
        ("'a", "a closing ' is missing"),
        ("1),(2", r"the '\)' at character 2 closes nothing"),
        ("(1]", "the ']' at character 3 closes nothing"),
        ("(a,b)", r"p: \(a,b\) is no Python literal, such as"),
        ("9:1", "p=9:1: the first number of a range has to be below the second"),
        ("2:2", "has to be below"),
        ("0:1:log", "a logarithmic range starts above 0"),
        ("1:2:lin", "after LOW:HIGH may come :log and nothing else, got 'lin'"),
        ("1:2,3", "expected one range LOW:HIGH"),
        ("1:inf", "expected one range"),
        ("true,false", "p: true is written True"),
        ("NONE", "p: NONE is written None"),
        ("'1:2',3:4", "expected one range"),
    ],
)
def test_what_cannot_be_read_says_why(text, message):
    with pytest.raises(ValueError, match=message):
        parse_values("p", text)


def test_parameters_of_the_command_line():
    assert parse_params(["a=1,2", "b=0:1", "c=x=y"]) == {"a": [1, 2], "b": ParameterRange(0, 1), "c": ["x=y"]}
    for texts, message in ((["a"], "'a' is no parameter: expected NAME=VALUES"), (["=1"], "'=1' is no parameter")):
        with pytest.raises(ValueError, match=message):
            parse_params(texts)
    with pytest.raises(ValueError, match="a is given twice"):
        parse_params(["a=1", "a=2"])


def test_a_space_takes_arrays_strings_and_distributions():
    space = checked_space({"a": np.array([1, 2]), "b": "1:5", "c": loguniform(1, 2), "d": ("x",), "e": [(1,), (1, 2)]})
    assert space["a"] == [1, 2]
    assert [type(value) for value in space["a"]] == [int, int]
    assert space["b"] == ParameterRange(1, 5)
    assert (space["d"], space["e"]) == (["x"], [(1,), (1, 2)])


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({}, ValueError, "params is empty"),
        ([("a", 1)], TypeError, "params is a list, expected a dict"),
        ({"a": 3}, TypeError, r"params\['a'\] is 3, expected a list of values"),
        ({"a": []}, ValueError, r"params\['a'\] has no values"),
        ({"a": [1, 2, 1]}, ValueError, "a has the value 1 twice"),
        ({1: [1]}, TypeError, "params has the name 1"),
    ],
)
def test_a_space_that_cannot_be(params, error, message):
    with pytest.raises(error, match=message):
        checked_space(params)


def test_equal_values_of_different_kinds_are_different():
    assert checked_space({"a": [1, 1.0, True]})["a"] == [1, 1.0, True]


def test_ranges_are_drawn_evenly_with_both_ends_in_them():
    rng = np.random.RandomState(0)
    drawn = [ParameterRange(1, 4).rvs(rng) for _ in range(4000)]
    assert np.bincount(drawn)[1:] == pytest.approx([1000] * 4, rel=0.1)
    assert all(isinstance(value, int) for value in drawn)
    logs = np.log10([ParameterRange(1e-4, 1.0, log=True).rvs(rng) for _ in range(4000)])
    assert np.histogram(logs, bins=4, range=(-4, 0))[0] == pytest.approx([1000] * 4, rel=0.15)
    assert {ParameterRange(1, 2, log=True).rvs(rng) for _ in range(50)} == {1, 2}
    assert all(float(f"{value:.4g}") == value for value in (ParameterRange(0.0, 1.0).rvs(rng) for _ in range(50)))


def test_a_sample_is_different_settings_and_the_same_for_a_seed():
    space = {"a": ParameterRange(1, 3), "b": [1, 2]}
    sample = sample_of(space, 6, 0)
    assert sample == sample_of(space, 6, 0)
    assert sorted((setting["a"], setting["b"]) for setting in sample) == [(a, b) for a in (1, 2, 3) for b in (1, 2)]
    assert len(sample_of(space, 100, 0)) == 6
    assert sample_of({"a": list(range(90))}, 4, 1) != sample_of({"a": list(range(90))}, 4, 0)
    assert [type(setting["n"]) for setting in sample_of({"n": randint(1, 9)}, 2, 0)] == [int, int]


def test_a_grid_of_a_range_is_refused():
    assert grid_of({"b": [1, 2], "a": ["x"]}) == [{"a": "x", "b": 1}, {"a": "x", "b": 2}]
    with pytest.raises(ValueError, match=r"a is a range, 1:3, and method='grid' tries every combination"):
        grid_of({"a": ParameterRange(1, 3)})


def test_names_without_the_step():
    pipe = candidates(["knn+hog"])["knn+hog"]
    assert full_names(pipe, ["n_neighbors", "orientations", "kneighborsclassifier__p", "memory"]) == {
        "n_neighbors": "kneighborsclassifier__n_neighbors",
        "orientations": "hogtransformer__orientations",
        "kneighborsclassifier__p": "kneighborsclassifier__p",
        "memory": "memory",
    }
    with pytest.raises(ValueError, match="n_jobs may be hogtransformer__n_jobs or kneighborsclassifier__n_jobs"):
        full_names(pipe, ["n_jobs"])
    with pytest.raises(ValueError, match="kneighborsclassifier__p is the same parameter as kneighborsclassifier__p"):
        full_names(pipe, ["p", "kneighborsclassifier__p"])


def test_an_unknown_name_is_answered_with_close_ones():
    pipe = make_pipeline(ImageFlattener(), KNeighborsClassifier())
    with pytest.raises(ValueError, match=r"'n_neighbours' of Pipeline of ImageFlattener and .*, did you mean 'n_neigh"):
        full_names(pipe, ["n_neighbours"])
    with pytest.raises(ValueError, match=r"'xyzzy' of KNeighborsClassifier. It has algorithm, leaf_size"):
        full_names(KNeighborsClassifier(), ["xyzzy"])
    with pytest.raises(ValueError, match="did you mean 'orientations'"):
        full_names(make_pipeline(HOGTransformer(), KNeighborsClassifier()), ["orientation"])


def test_distributions_that_are_ranges():
    assert as_range("a", loguniform(1e-3, 1.0)) == ParameterRange(1e-3, 1.0, log=True)
    assert as_range("a", randint(1, 9)) == ParameterRange(1, 8)
    assert (described(randint(1, 9)), described([1])) == ("1:8", [1])
    with pytest.raises(ValueError, match="a: method='optuna' takes values, ranges"):
        as_range("a", norm())


def test_names_of_settings_are_short_unless_another_has_the_name():
    given = {"step__rate": "rate", "step__n": "n"}
    one, other = {"step__rate": 0.123456, "step__n": (1,)}, {"step__rate": 0.123457, "step__n": (1,)}
    first = setting_name(one, given, [])
    assert first == "rate=0.1235, n=(1,)"
    assert setting_name(other, given, [first]) == "rate=0.123457, n=(1,)"
