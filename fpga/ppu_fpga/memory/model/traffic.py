"""Random bursts for the managers of a simulation."""

from .manager import Burst

__all__ = ["fill", "random_reads", "random_writes", "sequence"]


def _random_place(rng, region, beat_bytes, longest):
    """Address and beats of a burst in `region` that does not cross 4 KiB."""
    start = rng.randrange(region.start // beat_bytes, region.stop // beat_bytes) * beat_bytes
    beats = min(rng.choice((1, 2, rng.randint(1, 16), rng.randint(1, longest))), longest)
    room = min(4096 - start % 4096, region.stop - start) // beat_bytes
    return start, min(beats, room)


def random_reads(rng, count, regions, *, beat_bytes, ids=1, longest=256):
    """Reads of any length within `regions`, ranges of addresses."""
    return [Burst(*_random_place(rng, rng.choice(regions), beat_bytes, longest),
                  id=rng.randrange(ids)) for _ in range(count)]


def _words(rng, beats, beat_bytes, strobes):
    full = (1 << beat_bytes) - 1
    return [(rng.getrandbits(8 * beat_bytes),
             full if rng.random() < strobes else rng.getrandbits(beat_bytes))
            for _ in range(beats)]


def random_writes(rng, count, regions, *, beat_bytes, ids=1, longest=256, full=0.5):
    """Writes of any length within `regions`; a share `full` of beats has all strobes set."""
    bursts = []
    for _ in range(count):
        start, beats = _random_place(rng, rng.choice(regions), beat_bytes, longest)
        bursts.append(Burst(start, beats, id=rng.randrange(ids),
                            words=_words(rng, beats, beat_bytes, full)))
    return bursts


def sequence(region, *, beat_bytes, beats):
    """Reads of `beats` each, one after the other through `region`, a range of addresses."""
    return [Burst(start, beats) for start in range(region.start, region.stop, beats * beat_bytes)]


def fill(rng, region, *, beat_bytes, beats):
    """The same as writes of random words."""
    return [Burst(burst.address, beats, words=_words(rng, beats, beat_bytes, 1.0))
            for burst in sequence(region, beat_bytes=beat_bytes, beats=beats)]
