import threading
import warnings

import joblib
import pytest

from skimgrec import compare
from skimgrec.model_selection._warning_log import logged_warnings


def test_each_distinct_warning_is_logged_once_in_order():
    with logged_warnings() as messages:
        for text in ("b", "a", "b"):
            warnings.warn(text, UserWarning, stacklevel=1)
        warnings.warn("for authors", DeprecationWarning, stacklevel=1)
    assert messages == ["UserWarning: b", "UserWarning: a"]


def test_threads_keep_their_warnings_apart_and_leave_the_filters_as_found():
    filters, show = list(warnings.filters), warnings.showwarning
    entered, leave = threading.Barrier(2), threading.Event()
    found = {}

    def work(name, waits):
        with logged_warnings() as messages:
            entered.wait(10)
            warnings.warn(name, UserWarning, stacklevel=1)
            if waits:
                leave.wait(10)
            found[name] = list(messages)

    threads = [threading.Thread(target=work, args=item) for item in (("first", False), ("second", True))]
    for thread in threads:
        thread.start()
    threads[0].join()
    leave.set()
    threads[1].join()
    assert found == {"first": ["UserWarning: first"], "second": ["UserWarning: second"]}
    assert list(warnings.filters) == filters
    assert warnings.showwarning is show


def test_a_thread_that_logs_nothing_shows_its_warnings_as_before():
    def warn_elsewhere():
        with logged_warnings() as messages:
            thread = threading.Thread(target=warnings.warn, args=("elsewhere", UserWarning))
            thread.start()
            thread.join()
        return messages

    with pytest.warns(UserWarning, match="elsewhere"):
        assert warn_elsewhere() == []


@pytest.mark.parametrize(
    ("action", "n_shown"), [("ignore", 0), ("default", 1), ("once", 1), ("always", 2), ("error", 0)]
)
def test_other_threads_keep_the_callers_filters(action, n_shown):
    raised = []

    def warn():
        for _ in range(2):
            try:
                warnings.warn("elsewhere", UserWarning, stacklevel=1)
            except UserWarning as error:
                raised.append(error)

    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        warnings.filterwarnings(action, message="else", category=UserWarning, module=__name__)
        with logged_warnings() as messages:
            thread = threading.Thread(target=warn)
            thread.start()
            thread.join()
    assert messages == []
    assert len(shown) == n_shown
    assert len(raised) == (2 if action == "error" else 0)


@pytest.mark.parametrize("backend", ["sequential", "threading", "loky"])
def test_rows_carry_the_warnings_of_their_own_fit(blobs, make_classifier, backend):
    def warn(X):
        import warnings

        warnings.warn(f"saw {int(X[0, 0])}", UserWarning, stacklevel=1)
        warnings.warn(f"saw {int(X[0, 0])}", UserWarning, stacklevel=1)

    filters = list(warnings.filters)
    cv = [(range(fold, 60), range(fold)) for fold in range(1, 6)]
    with joblib.parallel_config(backend, n_jobs=2):
        result = compare(
            {"warns": make_classifier(warn), "quiet": make_classifier()}, *blobs, cv=cv, scoring="accuracy"
        )
    assert [row.warnings for row in result.rows] == [[f"UserWarning: saw {fold}"] for fold in range(1, 6)] + [[]] * 5
    assert list(warnings.filters) == filters
