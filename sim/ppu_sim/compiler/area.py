"""Tensors in memory, as operators that take elements one by one go through them."""

from dataclasses import dataclass

__all__ = ["Area", "areas"]


@dataclass(frozen=True)
class Area:
    """Rows of bytes in each operand and in the result.

    Parameters
    ----------
    rows, bytes : int
        Bytes are elements.
    operands : tuple of (address, stride)
        Where each begins, and bytes from a row to the next.
    result : (address, stride)
        Where it begins, and bytes from a row, or from a line, to the next.
    line : (rows, kept rows) or None
        If rows of the result are those of lines, of which only the first ones are kept: these have
        no gaps between them.
    """

    rows: int
    bytes: int
    operands: tuple
    result: tuple
    line: tuple | None = None

    def stores(self, first, rows, start):
        """(row in the block, rows, address, stride) of the results of some rows, from byte `start`
        of a row on.
        """
        address, stride = self.result
        if self.line is None:
            yield 0, rows, address + first * stride + start, stride
            return
        total, kept = self.line
        for line in range(first // total, -(-(first + rows) // total)):
            begin, end = max(first, line * total), min(first + rows, line * total + kept)
            if begin < end:
                place = address + line * stride + (begin - line * total) * self.bytes
                yield begin - first, end - begin, place + start, self.bytes


def areas(addresses, layouts, size, width):
    """The areas of tensors of one shape, the result last.

    Parameters
    ----------
    addresses : list of int
        Where each begins.
    layouts : list of Layout or None
        None for tensors that are not images.
    size : int
        Elements.
    width : int
        Bytes of a row, where rows may be chosen.
    """
    if all(layout is None or layout.bytes == size for layout in layouts):
        whole = size // width
        if whole:
            yield Area(whole, width, *_split([(address, width) for address in addresses]))
        if size % width:
            rest = [(address + whole * width, width) for address in addresses]
            yield Area(1, size % width, *_split(rest))
        return
    first = layouts[0]
    for image in range(first.batch):
        places = [(address + image * layout.image + layout.offset(), layout.line)
                  for address, layout in zip(addresses, layouts, strict=True)]  # fmt: skip
        yield Area(first.height, first.width * first.channels, *_split(places))


def _split(places):
    return tuple(places[:-1]), places[-1]
