"""
The fits of a comparison on a Dask cluster
==========================================

Fits know nothing of each other, so that they can run anywhere. Dask's workers are two on this machine here; on a
cluster of many machines only the address in ``Client`` is another. The numbers are those of one process.

With ``--full``, it compares on the 10,000 test pictures of MNIST, from the folder that ``SKIMGREC_DATA`` names or
downloaded::

    python plot_dask.py --full
"""

# %%
# What is compared
# ----------------

import sys

import matplotlib.pyplot as plt
from dask.distributed import Client, LocalCluster
from joblib import parallel_config

from skimgrec import ComparisonDisplay, compare, fetch_mnist, load_digits_images

FULL = "--full" in sys.argv
names = ["chance", "1nn", "1nn+hog", "logistic"]

# %%
# In this process, and on two workers
# -----------------------------------
# The workers are processes, and each of them runs this program's beginning once more as it starts. So only imports and
# names stand there, and all that works stands below ``if __name__ == "__main__"``.

if __name__ == "__main__":
    X, y = fetch_mnist(subset="test", return_X_y=True) if FULL else load_digits_images(return_X_y=True)
    alone = compare(names, X, y, cv=3, random_state=0)
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        print("workers:", len(client.scheduler_info()["workers"]))
        with parallel_config("dask"):
            shared = compare(names, X, y, cv=3, random_state=0)

    print("scores are the same:", [row.scores for row in alone.rows] == [row.scores for row in shared.rows])
    print(shared)
    ComparisonDisplay.from_result(shared, kind="fit_time")
    plt.show()

# %%
# Real clusters, shared storage, and what moves over the wire are the matter of :doc:`/user_guide/cluster`.
