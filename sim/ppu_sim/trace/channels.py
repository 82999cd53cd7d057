"""Bursts on the channels of the bus."""

import numpy as np

__all__ = ["BURST", "CHANNELS", "WAIT", "bursts_of"]

#: The channels, reads first.
CHANNELS = ("ar", "r", "aw", "w", "b")
#: Columns of the arrays that :class:`~.events.Trace` explains.
BURST = np.dtype([
    ("start", np.int64), ("end", np.int64), ("id", np.int64), ("address", np.int64),
    ("beats", np.int64),
])  # fmt: skip
WAIT = np.dtype([("start", np.int64), ("end", np.int64), ("refused", np.bool_)])


def bursts_of(record, name, origin):
    """Bursts of a channel, and the waits within them.

    Address and beats are those of the channels that have an address.

    Parameters
    ----------
    record : Record
        Of a run.
    name : str
        One of `CHANNELS`.
    origin : int
        The recorded cycle that is cycle 0.

    Returns
    -------
    bursts : numpy.ndarray of `BURST`
    waits : numpy.ndarray of `WAIT`
    """
    valid = record.field(f"{name}.valid").astype(bool)
    ready = record.field(f"{name}.ready").astype(bool)
    cycles, entries = record.when(valid)
    cycles -= origin
    done = np.flatnonzero(ready[entries])
    # What is offered stays: it is there from the first valid cycle after the transfer before.
    offered = cycles[np.append(0, done[:-1] + 1)] if len(done) else cycles[:0]
    moved, entries = cycles[done], entries[done]
    if name in ("r", "w"):
        last = record.field(f"{name}.last").astype(bool)[entries]
    else:
        last = np.ones(len(moved), bool)
    first = np.append(True, last[:-1])[: len(last)]
    bursts = np.zeros(last.sum(), BURST)
    bursts["start"], bursts["end"] = offered[first][: len(bursts)], moved[last] + 1
    if name in ("ar", "r"):
        bursts["id"] = record.field(f"{name}.id")[entries[last]]
    if name in ("ar", "aw"):
        bursts["address"] = record.field(f"{name}.addr")[entries]
        bursts["beats"] = record.field(f"{name}.len")[entries] + 1
    return bursts, _waits(offered, moved, first)


def _waits(offered, moved, first):
    """Cycles of bursts without a transfer: before an offer, and before it is taken."""
    before = np.append(0, moved[:-1] + 1)[: len(moved)]
    idle = ~first & (before < offered)
    refused = offered < moved
    waits = np.zeros(idle.sum() + refused.sum(), WAIT)
    waits["start"] = np.concatenate([before[idle], offered[refused]])
    waits["end"] = np.concatenate([offered[idle], moved[refused]])
    waits["refused"][idle.sum():] = True
    return np.sort(waits, order="start")
