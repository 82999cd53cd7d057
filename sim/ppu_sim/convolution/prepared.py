"""A convolution that is ready to run: its plan, and its weights as LOAD takes them."""

from dataclasses import dataclass
from itertools import product

import numpy as np

from ..program import Command, Program
from .emitter import Emitter
from .plan import best_plan
from .sequences import starts

__all__ = ["Piece", "PreparedConvolution"]


@dataclass(frozen=True)
class Piece:
    """Weights of some K steps for a group of column tiles.

    Parameters
    ----------
    key : tuple
        Tile group, panel group and number of the piece there.
    offset : int
        Where it lies, in bytes from the first weight.
    rows : int
        Filters; a row has `row_bytes` bytes for each step.
    steps : tuple of (position, panel)
        Panels are those of the pixel.
    used : (steps, tiles) array of bool
        What is not all zero.
    """

    key: tuple
    offset: int
    rows: int
    steps: tuple
    used: np.ndarray


class PreparedConvolution:
    """A convolution for a core.

    Parameters
    ----------
    config : Config
        The configuration of the core.
    shape : ConvolutionShape
        Its geometry.
    weight : (filters, KH, KW, channels) array of int8, uint8, or int16 from -255 to 254
        Zeros cost nothing where a whole tile has them: groups are weights that are zero.

    Raises
    ------
    ValueError
        If the weights have another shape, or nothing fits the core's memories.

    Attributes
    ----------
    weights : (bytes,) array of int8 or uint8
        As they must lie in memory.
    """

    def __init__(self, config, shape, weight):
        if weight.shape != (shape.filters, shape.vertical.kernel, shape.horizontal.kernel,
                            shape.channels):  # fmt: skip
            raise ValueError(f"weights must be those of {shape}, not {weight.shape}")
        self.config, self.shape = config, shape
        self.taps, self.plan = best_plan(config, shape, weight)
        self.signed = weight.dtype != np.uint8
        self.pieces, self.weights = self._cut(self.taps.weights(weight))

    def _cut(self, rows):
        """Pieces of the weights by tile group and panel group, and their bytes."""
        used = self.taps.used(rows)
        pieces, data, offset, columns = {}, [], 0, self.config.columns
        for (t, (tile, tiles)), (p, (panel, panels)) in product(
                enumerate(starts(self.plan.tiles)), enumerate(starts(self.plan.panels))):
            first, last = tile * columns, min((tile + tiles) * columns, self.taps.filters)
            here = used[:, panel : panel + panels, tile : tile + tiles]
            steps = [(int(a), panel + int(b)) for a, b in np.argwhere(here.any(axis=2))]
            if not steps and p == 0:
                steps = [(0, 0)]    # a product of zeros is still a result
            pieces[t, p] = []
            for start in range(0, len(steps), self.plan.depth):
                part = tuple(steps[start : start + self.plan.depth])
                index = tuple(np.array(part).T)
                block = np.ascontiguousarray(rows[index][:, first:last].transpose(1, 0, 2))
                pieces[t, p].append(Piece(
                    (t, p, start), offset, last - first, part,
                    used[index][:, tile : tile + tiles]))  # fmt: skip
                data.append(block.reshape(-1))
                offset += block.size
        return pieces, np.concatenate(data)

    def emit(self, image, weights, results, placement):
        """The program: LOAD, EXECUTE and STORE commands, without END.

        Parameters
        ----------
        image : Matrix
            Address of the first image's first byte that the kernel reads; its stride is that of
            images.
        weights : int
            Address of `weights`.
        results : ResultImage
            Where results go.
        placement : Placement
            What is in the core's memories.
        """
        drafts = Emitter(self, image, weights, results, placement).drafts()
        return Program(Command.build(kind, **fields) for kind, fields in drafts)
