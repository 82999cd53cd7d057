"""Values over time, as runs."""

import numpy as np

__all__ = ["RUN", "level", "runs"]

#: A value from the cycle `start` until the next run.
RUN = np.dtype([("start", np.int64), ("value", np.int64)])


def runs(starts, values, cycles):
    """Runs that begin in cycle 0 and end before cycle `cycles`.

    Parameters
    ----------
    starts : numpy.ndarray of int64
        Ascending; the first is at most 0. From each of them on, the value beside it holds.
    values : numpy.ndarray of int64
        Two neighbours may be equal.
    """
    first = np.searchsorted(starts, 0, side="right") - 1
    last = np.searchsorted(starts, cycles, side="left")
    starts, values = np.maximum(starts[first:last], 0), values[first:last]
    new = np.append(True, values[1:] != values[:-1])
    found = np.empty(new.sum(), RUN)
    found["start"], found["value"] = starts[new], values[new]
    return found


def level(ups, downs, cycles):
    """Runs of a level that is 0 at first.

    Parameters
    ----------
    ups, downs : numpy.ndarray of int64
        Cycles after which the level is one higher or lower; -1 for never.
    """
    ups, downs = ups[ups >= 0], downs[downs >= 0]
    times = np.concatenate([[0], ups + 1, downs + 1])
    steps = np.concatenate([[0], np.ones(len(ups), np.int64), -np.ones(len(downs), np.int64)])
    order = np.argsort(times, kind="stable")
    times, values = times[order], steps[order].cumsum()
    final = np.append(times[1:] != times[:-1], True)
    return runs(times[final], values[final], cycles)
