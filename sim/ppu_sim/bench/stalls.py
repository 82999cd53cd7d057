"""Who pauses in a bench, and when."""

import itertools
import random

__all__ = ["STALLS", "pauses"]

#: name -> (share of cycles in which who sends data pauses, and who takes it)
STALLS = {"none": (0, 0), "source": (0.4, 0), "sink": (0, 0.4), "both": (0.4, 0.4)}


def pauses(share, seed):
    """Endless seeded pattern of pauses."""
    rng = random.Random(seed)
    return (rng.random() < share for _ in itertools.count())
