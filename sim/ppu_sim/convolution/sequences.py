"""What is regular in lists of steps, so that few commands go through them."""

from ..program.plan import firsts

__all__ = ["progressions", "runs", "starts"]


def starts(sizes):
    """Pairs of a first number and a size, of sizes one behind the other."""
    return list(zip(firsts(sizes), sizes, strict=True))


def runs(used, opens):
    """(first tile, tiles, steps) of neighbours that use the same steps; each tile must have one if
    this opens its sums.
    """
    found = []
    for tile in range(used.shape[1]):
        steps = [index for index, wanted in enumerate(used[:, tile]) if wanted]
        if opens and not steps:
            steps = [0]
        if found and found[-1][2] == steps:
            found[-1][1] += 1
        else:
            found.append([tile, 1, steps])
    return [run for run in found if run[2]]


def progressions(offsets):
    """(first, length, difference of A, of B) of offsets that one EXECUTE can go through."""
    left = list(offsets)
    while left:
        first, length, difference = left[0], 1, (0, 0)
        if len(left) > 1 and left[1][0] >= first[0]:
            difference = left[1][0] - first[0], left[1][1] - first[1]
            while length < len(left) and left[length] == (
                    first[0] + length * difference[0], first[1] + length * difference[1]):
                length += 1
        yield first, length, *difference
        left = left[length:]
