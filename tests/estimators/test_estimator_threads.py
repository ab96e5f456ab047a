"""Fits at once in threads and processes, forked and interrupted."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV

import ffnn
from ffnn import _ffnn
from ffnn.estimators import _steps
from ffnn.estimators._threads import share_of_threads

pytestmark = [pytest.mark.once, pytest.mark.filterwarnings("ignore::UserWarning")]


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:300] / 16, y[:300]


@pytest.fixture
def eight_threads(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    before = ffnn.get_num_threads()
    ffnn.set_num_threads(8)
    yield
    ffnn.set_num_threads(before)


def fitted(digits, **options):
    return ffnn.MLPClassifier(**{"random_state": 0, "max_iter": 6} | options).fit(*digits)


# ---- how many threads ----


def test_fits_at_once_share_the_threads(eight_threads, monkeypatch):
    """get_num_threads says what the calling thread may have."""
    with share_of_threads(None) as renew:
        assert ffnn.get_num_threads() == 8
        alone = threading.Event()

        def other():
            with share_of_threads(None):
                assert ffnn.get_num_threads() == 4
                begun.set()
                alone.wait(60)
            assert ffnn.get_num_threads() == 8

        begun = threading.Event()
        thread = threading.Thread(target=other)
        thread.start()
        assert begun.wait(60)
        assert ffnn.get_num_threads() == 8  # until it looks again
        renew()
        assert ffnn.get_num_threads() == 4
        with share_of_threads(3):  # a number takes no share
            assert ffnn.get_num_threads() == 3
        with share_of_threads(300):
            assert ffnn.get_num_threads() == 8
        assert ffnn.get_num_threads() == 4
        alone.set()
        thread.join()
        renew()
        assert ffnn.get_num_threads() == 8
        monkeypatch.setenv("OMP_NUM_THREADS", "2")
        renew()
        assert ffnn.get_num_threads() == 2
        ffnn.set_num_threads(1)
        assert ffnn.get_num_threads() == 1
        ffnn.set_num_threads(8)
    assert ffnn.get_num_threads() == 8


def test_a_fit_takes_n_threads_and_gives_them_back(digits, eight_threads):
    seen = []
    for n in 1, 3, None:
        model = fitted(
            digits, n_threads=n, callback=lambda info: seen.append(_ffnn.get_num_threads())
        )
        assert (model.coefs_[0] == fitted(digits).coefs_[0]).all()
    assert seen == [1] * 6 + [3] * 6 + [8] * 6 and ffnn.get_num_threads() == 8
    with pytest.raises(ZeroDivisionError):
        fitted(digits, n_threads=2, callback=lambda info: 1 / 0)
    assert ffnn.get_num_threads() == 8


@pytest.mark.process
@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="counts threads in Linux's /proc")
def test_a_limit_is_that_of_one_threads_products():
    code = """
import os, threading, time
import numpy as np
from ffnn import _ffnn
_ffnn.set_num_threads(4)
A = {"W1": np.ones((900, 900)), "b1": np.zeros((900, 1))}
def threads():
    return len(os.listdir("/proc/self/task")) - threading.active_count()
before = threads()
def workers(due):
    for _ in range(200):  # the pool rests for a second at most where a worker came late
        _ffnn.predict_proba(np.ones((900, 900)), A)
        if threads() - before >= due:
            break
        time.sleep(0.02)
    return threads() - before
counts = []
for limit in 1, 2, 3:
    assert _ffnn.limit_threads(limit) == (limit - 1 if limit > 1 else 0)
    counts.append(workers(limit - 1))
thread = threading.Thread(target=lambda: counts.append(workers(3)))
thread.start(); thread.join()
print(counts)
"""
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, check=True)
    assert done.stdout == "[0, 1, 2, 3]\n"
    for bad in -1, 257:
        with pytest.raises(ValueError, match=r"limit_threads: n must be from 0 to 256, not"):
            _ffnn.limit_threads(bad)


def threads_in_a_worker():
    with share_of_threads(None):
        return _ffnn.get_num_threads(), ffnn.MLPClassifier(max_iter=2).n_threads


@pytest.mark.process
def test_processes_of_joblib_do_not_take_all_threads_each(digits):
    import joblib

    found = joblib.Parallel(n_jobs=2, backend="loky")(
        joblib.delayed(threads_in_a_worker)() for _ in range(2)
    )
    assert {n for n, _ in found} == {max(1, joblib.cpu_count() // 2)}


@pytest.mark.process
@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_searches_in_parallel_find_the_same(digits, backend):
    import joblib

    grid = {"alpha": [1e-4, 1.0], "hidden_layer_sizes": [(5,), (60, 50)]}
    model = ffnn.MLPClassifier(random_state=0, max_iter=5)
    alone = GridSearchCV(model, grid, cv=2).fit(*digits)
    with joblib.parallel_backend(backend, n_jobs=2):
        search = GridSearchCV(model, grid, cv=2, n_jobs=2).fit(*digits)
    assert (search.cv_results_["mean_test_score"] == alone.cv_results_["mean_test_score"]).all()
    assert (search.best_estimator_.coefs_[0] == alone.best_estimator_.coefs_[0]).all()


# ---- the GIL, and many at once ----


def test_others_run_while_an_epoch_computes(rng, monkeypatch):
    """Nobody is made to switch here, so that others run where the core gives the GIL back."""
    X, y = rng.normal(size=(6000, 100)), rng.integers(0, 2, 6000)
    run, rounds, during = _steps.Epochs.run, [0], []

    def counted(self, order):
        before = rounds[0]
        costs = run(self, order)
        during.append(rounds[0] - before)
        return costs

    monkeypatch.setattr(_steps.Epochs, "run", counted)
    model = ffnn.MLPClassifier((200,), max_iter=10)
    thread = threading.Thread(target=lambda: model.fit(X, y))
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    try:
        thread.start()
        while thread.is_alive():
            time.sleep(1e-4)
            rounds[0] += 1
    finally:
        sys.setswitchinterval(interval)
    assert len(during) == 10 and sum(during) > 0


def test_sixteen_fits_at_once_are_fits_alone(digits):
    kinds = [{}, {"solver": "sgd"}, {"solver": "lbfgs"}, {"early_stopping": True}]
    alone = [fitted(digits, hidden_layer_sizes=(200,), **kind) for kind in kinds]
    models, start = [None] * 16, threading.Barrier(16)

    def work(i):
        start.wait(60)
        models[i] = fitted(digits, hidden_layer_sizes=(200,), **kinds[i % 4])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, model in enumerate(models):
        assert all((a == b).all() for a, b in zip(model.coefs_, alone[i % 4].coefs_, strict=True))


# ---- forked, interrupted ----


@pytest.mark.process
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_in_the_middle_of_a_fit():
    code = """
import os, sys
import numpy as np, ffnn
X = np.random.RandomState(0).normal(size=(3000, 100)); y = (X[:, 0] > 0).astype(int)
ffnn.set_num_threads(3)
options = {"hidden_layer_sizes": (300,), "max_iter": 4, "random_state": 0}
due = ffnn.MLPClassifier(**options).fit(X, y)
pids = []
def callback(info):
    if info["epoch"] == 1 and not pids:
        pids.append(os.fork())
model = ffnn.MLPClassifier(callback=callback, **options).fit(X, y)
same = all((a == b).all() for a, b in zip(model.coefs_, due.coefs_))
again = ffnn.MLPClassifier(**options).fit(X, y)
same = same and (again.coefs_[0] == due.coefs_[0]).all()
if pids[0] == 0:
    os._exit(0 if same else 3)
print(same, os.waitstatus_to_exitcode(os.waitpid(pids[0], 0)[1]))
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], text=True,
                          capture_output=True, check=True)  # fmt: skip
    assert done.stdout == "True 0\n"


@pytest.mark.process
@pytest.mark.parametrize("options", [{}, {"optimizer": "lbfgs"}, {"early_stopping": True}])
def test_a_signal_in_the_middle_of_a_fit_keeps_whole_epochs(digits, options):
    """Whenever it comes: the model is that of as many epochs, and goes on."""

    def callback(info):
        if info["epoch"] == 2:
            threading.Timer(0.01, os.kill, (os.getpid(), signal.SIGINT)).start()

    endless = {"max_iter": 10**6, "tol": 0, "n_iter_no_change": np.inf} | options
    if "optimizer" in options:
        endless["optimizer_options"] = {"tol": 0}
        endless["alpha"] = 1e-9
    with pytest.warns(UserWarning, match="Training interrupted by user"):
        model = fitted(digits, callback=callback, **endless)
    n = model.n_iter_
    due = fitted(digits, **endless | {"max_iter": n})
    assert n >= 3 and len(model.loss_curve_) == n
    assert model.loss_curve_ == due.loss_curve_
    if model.early_stopping:  # it may have come before the last epoch was measured
        assert len(model.validation_scores_) >= n - 1
        due = fitted(digits, **endless | {"max_iter": len(model.validation_scores_)})
    assert all((a == b).all() for a, b in zip(model.coefs_, due.coefs_, strict=True))
    if not options:
        for each in model, due:
            each.partial_fit(*digits)
        assert (model.coefs_[0] == due.coefs_[0]).all()


def test_a_ctrl_c_in_a_callback_keeps_the_epoch_before_it(digits):
    def callback(info):
        if info["epoch"] == 2:
            raise KeyboardInterrupt

    with pytest.warns(UserWarning, match="Training interrupted by user"):
        model = fitted(digits, callback=callback)
    due = fitted(digits, max_iter=3)
    assert model.n_iter_ == 3 and (model.coefs_[0] == due.coefs_[0]).all()
