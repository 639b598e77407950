import pytest

from skimgrec.utils import unchanged_on_failure


class Thing:
    def __init__(self):
        self.kept, self.removed = 1, 2


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_attributes_come_back_after_a_failure(error):
    thing = Thing()

    def fail():
        with unchanged_on_failure(thing):
            thing.kept, thing.new = 3, 4
            del thing.removed
            raise error

    with pytest.raises(error):
        fail()
    assert vars(thing) == {"kept": 1, "removed": 2}


def test_attributes_stay_after_success():
    thing = Thing()
    with unchanged_on_failure(thing):
        thing.kept = 3
    assert thing.kept == 3
