"""From the plan of a convolution to commands."""

from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

from ppu.isa import Opcode, Target

from ..program.emitter import Draft
from ..program.matrix import Results
from ..program.plan import firsts
from .sequences import progressions, runs, starts

__all__ = ["Emitter", "ResultImage"]


@dataclass(frozen=True)
class ResultImage:
    """Where results go.

    Parameters
    ----------
    results : Results
        Address of the first result; its stride is that of pixels.
    line, image : int
        Bytes from a line and from an image to the next.
    """

    results: Results
    line: int
    image: int


class _Band(NamedTuple):
    """Some outputs of one image: lines, and rows of these."""

    image: int
    line: int
    lines: int
    row: int
    rows: int


class _Step(NamedTuple):
    """The EXECUTEs of one piece of the weights."""

    band: _Band
    tile_group: int
    panel_group: int
    piece: object
    first: bool
    last: bool


class Emitter:
    """Makes the commands of one convolution, in an order that keeps all units at work."""

    def __init__(self, convolution, image, weights, results, placement):
        self.convolution, self.config = convolution, convolution.config
        self.shape, self.taps, self.plan = convolution.shape, convolution.taps, convolution.plan
        self.image, self.weights, self.to = image, weights, results
        self.place = placement
        self.first_tile, self.first_panel = firsts(self.plan.tiles), firsts(self.plan.panels)
        self.steps = list(self._steps())
        self.pieces = [[None, None] for _ in self.steps]
        self.commands = []

    def _steps(self):
        bands = [
            _Band(image, line, lines, row, rows)
            for image in range(self.shape.images)
            for line, lines in starts(self.plan.lines)
            for row, rows in starts(self.plan.rows)]  # fmt: skip
        tiles = range(len(self.plan.tiles))
        blocks = ((band, tile) for tile, band in product(tiles, bands)) if (
            self.plan.order == "tiles") else product(bands, tiles)  # fmt: skip
        for band, tile in blocks:
            parts = [(panel, piece) for panel in range(len(self.plan.panels))
                     for piece in self.convolution.pieces[tile, panel]]  # fmt: skip
            for index, (panel, piece) in enumerate(parts):
                yield _Step(band, tile, panel, piece, index == 0, index == len(parts) - 1)

    def drafts(self):
        """All commands: the loads of the next step stand before the EXECUTEs of a step."""
        self.place.open(self.plan)
        sums = 0
        for index, step in enumerate(self.steps):
            self._load(index, index)
            if index + 1 < len(self.steps):
                self._load(index + 1, index)
            if step.first:
                sums = self.place.sums(self._sums(step) * self.plan.tiles[step.tile_group])
                if self.to.results.bias is not None:
                    self._load_bias(step, sums)
            self._execute(step, sums, *self.pieces[index])
            if step.last:
                self._store(step, sums)
        self.place.steps += len(self.steps)
        return self.commands

    def _add(self, kind, **fields):
        self.commands.append(Draft(kind, fields))

    def _load(self, index, issued):
        """Loads what a step needs of weights and image, as far as there is room."""
        step, before, number = self.steps[index], self.place.steps, self.place.products
        height = self.plan.tiles[step.tile_group] * self.config.columns
        panels = self.plan.panels[step.panel_group]
        band = step.band
        image = self.plan.image_rows(self.taps, band.lines, band.rows, panels)
        for which, region, key, size, load in (
            (1, self.place.region_b, step.piece.key, height * len(step.piece.steps),
             self._load_weights),
            (0, self.place.region_a, (band, step.panel_group), image, self._load_image),
        ):
            piece = region.place((number, key), size, before + index, before + issued)
            self.pieces[index][which] = piece
            if piece and not piece.loaded:
                piece.loaded = 1
                load(step, region.first + piece.start)

    def _load_weights(self, step, row):
        piece = step.piece
        height = self.plan.tiles[step.tile_group] * self.config.columns
        size = len(piece.steps) * self.config.row_bytes
        self._add(
            Opcode.LOAD, target=Target.SCRATCHPAD.value, rows=piece.rows, bytes=size,
            pad=height - piece.rows, address=self.weights + piece.offset, stride=size,
            destination=row, panel_stride=height,
        )  # fmt: skip

    def _load_image(self, step, row):
        """Lines of a band: of each phase, those that belong to it."""
        shape, taps, band = self.shape, self.taps, step.band
        panels = self.plan.panels[step.panel_group]
        first_byte = self.first_panel[step.panel_group] * self.config.row_bytes
        size = min(first_byte + panels * self.config.row_bytes, taps.bytes) - first_byte
        height, width = band.lines + taps.reach[0], self.plan.width(taps, band.rows)
        base = self.image.address + band.image * self.image.stride + first_byte
        for number, phase in enumerate(taps.phases):
            start = row + number * panels * height * width
            parts = [(line, width) for line in range(height)]
            if self.plan.joined:
                last = min(band.rows + taps.reach[1], width)    # what is beyond meets zeros only
                parts = [(0, (height - 1) * width + last)]
            for line, rows in parts:
                y = (band.line + line) * shape.vertical.stride + phase
                if y >= shape.vertical.extent:
                    continue        # no output wants it of this phase
                self._add(
                    Opcode.LOAD, target=Target.SCRATCHPAD.value, rows=rows, bytes=size, pad=0,
                    address=base + y * shape.pitch * shape.channels + band.row * taps.bytes,
                    stride=taps.bytes, destination=start + line * width,
                    panel_stride=height * width,
                )  # fmt: skip

    def _sums(self, step):
        return self.plan.sums(self.taps, step.band.lines, step.band.rows)

    def _columns(self, step):
        """First column of a step's tiles, and how many there are."""
        first = self.first_tile[step.tile_group] * self.config.columns
        count = self.plan.tiles[step.tile_group] * self.config.columns
        return first, min(count, self.taps.filters - first)

    def _load_bias(self, step, sums):
        first, count = self._columns(step)
        for fields in self.to.results.bias.loads(first, count, self._sums(step), sums):
            self._add(Opcode.LOAD, **fields)

    def _execute(self, step, sums, image, weights):
        rows, columns = self._sums(step), self.config.columns
        tiles, panels = self.plan.tiles[step.tile_group], self.plan.panels[step.panel_group]
        band = step.band
        height, width = band.lines + self.taps.reach[0], self.plan.width(self.taps, band.rows)
        opened = self.to.results.bias is not None or not step.first
        a = self.place.region_a.first + image.start
        b = self.place.region_b.first + weights.start
        for tile, count, steps in runs(step.piece.used, step.first and not opened):
            offsets = []
            for index in steps:
                position, panel = step.piece.steps[index]
                phase, line, place = self.taps.places[position]
                panel += phase * panels - self.first_panel[step.panel_group]
                offsets.append((
                    (panel * height + line) * width + place, index * tiles * columns))
            for number, (first, length, a_stride, b_stride) in enumerate(progressions(offsets)):
                self._add(
                    Opcode.EXECUTE, m=rows, n=count, k=length, a=a + first[0],
                    b=b + first[1] + tile * columns, a_stride=a_stride, b_stride=b_stride,
                    b_tile_stride=columns, c=sums + tile * rows, c_stride=rows,
                    a_signed=self.image.signed, b_signed=self.convolution.signed,
                    accumulate=opened or number > 0,
                )  # fmt: skip

    def _store(self, step, sums):
        """Results line by line, without the sums between lines."""
        band, taps, to = step.band, self.taps, self.to
        rows, (first, count) = self._sums(step), self._columns(step)
        width, size = self.plan.width(taps, band.rows), to.results.result_bytes
        pixel = to.results.stride
        outputs = min(band.rows * taps.fold, self.shape.horizontal.outputs - band.row * taps.fold)
        address = (to.results.address + band.image * to.image + band.line * to.line
                   + band.row * taps.fold * pixel + first * size)  # fmt: skip
        whole, rest = divmod(outputs, taps.fold)
        if rest == 0 and whole == width and to.line == outputs * pixel:
            lines = [(0, 0, rows, count)]
        else:
            last = min(count, rest * self.shape.filters - first)
            parts = [(row, height, columns) for row, height, columns in (
                (0, whole, count), (whole, 1, last)) if height > 0 and columns > 0]
            lines = [(line, *part) for line in range(band.lines) for part in parts]
        for line, row, height, columns in lines:
            self._add(
                Opcode.STORE, rows=height, columns=columns, source=sums + line * width + row,
                panel_stride=rows, stride=taps.fold * pixel,
                address=address + line * to.line + row * taps.fold * pixel,
                **to.results.epilogue(first // self.config.columns),
            )  # fmt: skip
