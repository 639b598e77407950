"""Axes and names of charts."""

import itertools
import math

import pytest

from skimgrec.reporting._labels import place_names, spread_out
from skimgrec.reporting._scales import count_scale, linear_ticks, log_ticks, score_scale, short, time_scale, width_of


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (0.981, 0.9834), (-3, 1200), (1e-9, 2e-9), (0.1, 0.1000001), (-1, -0.5)]
)
def test_linear_ticks_are_few_round_and_inside(low, high):
    ticks = linear_ticks(low, high)
    assert 2 <= len(ticks) <= 7
    assert low <= ticks[0]
    assert ticks[-1] <= high
    steps = [after - before for before, after in itertools.pairwise(ticks)]
    assert max(steps) == pytest.approx(min(steps))


def test_log_ticks_begin_with_powers_of_ten():
    assert log_ticks(0.9, 150) == [1, 10, 100, 2, 5, 20, 50]


@pytest.mark.parametrize("values", [[0.1, 0.98, 0.99], [0.5, 1.0], [0.1, 0.2], [1.0], [0.0], [math.nan, 0.4], []])
def test_scores_lie_on_their_axis_in_order(values):
    scale = score_scale(values, "accuracy", 0, 100)
    known = sorted(value for value in values if not math.isnan(value))
    places = [scale.at(value) for value in known]
    assert places == sorted(places)
    assert all(0 <= place <= 100 for place in places)
    assert len(set(places)) == len(set(known))
    marks = scale.marks(apart=0)
    assert marks
    assert all(-1 <= mark["at"] <= 101 for mark in marks)


def test_shares_near_one_are_told_apart():
    scale = score_scale([0.1, 0.98, 0.99], "accuracy", 0, 100)
    # On an even axis they would be one pixel apart.
    assert scale.at(0.99) - scale.at(0.98) > 10
    assert score_scale([-0.1, -0.98, -0.99], "neg_log_loss", 0, 100).bend is float


def test_a_perfect_share_has_a_place_of_its_own():
    scale = score_scale([0.5, 0.99, 1.0], "accuracy", 0, 100)
    assert scale.at(1.0) == 100
    assert scale.at(0.99) < 100
    assert (scale.ticks[0] if scale.ticks[0][1] == "1" else scale.ticks[-1])[1] == "1"


@pytest.mark.parametrize(
    "seconds", [[0.01, 3000], [0.0, 0.01, 3000], [1.0, 2.0], [100, 150], [5000, 6000], [0.002], [1e-6, 1e6], [0.0]]
)
def test_times_lie_on_their_axis_with_a_unit_on_every_tick(seconds):
    scale = time_scale(seconds, 50, 700)
    places = [scale.at(value) for value in sorted(seconds)]
    assert places == sorted(places)
    assert all(50 <= place <= 700 for place in places)
    marks = scale.marks(apart=0)
    assert marks
    assert all(mark["text"] == "0" or mark["text"].split()[-1] in ("ms", "s", "min", "h", "d") for mark in marks)


def test_ticks_do_not_touch():
    scale = count_scale([10, 11, 12, 100, 1000, 50000], 0, 200)
    marks = sorted(scale.marks(apart=0), key=lambda mark: mark["at"])
    assert "50,000" in [mark["text"] for mark in marks]
    for left, right in itertools.pairwise(marks):
        assert left["at"] + width_of(left["text"]) / 2 < right["at"] - width_of(right["text"]) / 2


def test_names_stand_inside_and_touch_nothing():
    points = [(100.0 + 3 * number, 100.0 + number) for number in range(20)]
    places = place_names(points, [f"name {number}" for number in range(20)], (50, 10, 300, 200))
    kept = [place for place in places if place is not None]
    assert kept
    assert places[0] is not None
    boxes = []
    for place in kept:
        wide = width_of(place["text"])
        left = place["x"] - {"start": 0, "middle": wide / 2, "end": wide}[place["anchor"]]
        boxes.append((left, place["y"] - 12, left + wide, place["y"] + 3))
    assert all(left >= 49 and right <= 301 for left, _, right, _ in boxes)
    for number, first in enumerate(boxes):
        for second in boxes[:number]:
            apart = first[2] <= second[0] + 0.2 or second[2] <= first[0] + 0.2
            assert apart or first[3] <= second[1] + 0.2 or second[3] <= first[1] + 0.2


def test_heights_are_spread_as_far_as_there_is_room():
    assert spread_out([50.0, 50.0, 50.0], 10, 0, 100) == [50.0, 60.0, 70.0]
    assert spread_out([99.0, 99.0, 99.0], 10, 0, 100) == [80.0, 90.0, 100.0]
    assert spread_out([5.0] * 11, 50, 0, 100) == [10.0 * number for number in range(11)]


@pytest.mark.parametrize("text", ["short", "a name that is far too long for it", "名前が長すぎるので切られます"])
def test_a_name_is_cut_to_its_room(text):
    cut = short(text, 80)
    assert width_of(cut) <= 80
    assert cut == text or cut.endswith("…")
