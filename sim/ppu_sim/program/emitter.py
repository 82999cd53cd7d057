"""From the steps of a plan to commands."""

from typing import NamedTuple

from ppu.isa import Opcode, Target

from .plan import firsts
from .region import Region
from .steps import steps_of

__all__ = ["Draft", "Emitter", "Placement"]


class Draft(NamedTuple):
    """A command before it is packed into bits: its opcode and its fields."""

    kind: Opcode
    fields: dict


def _halves(rows, tiles, least):
    """(first row, rows, first tile, tiles) of ever smaller parts of a block, `least` in the end."""
    parts, row, tile = [], 0, 0
    while rows * tiles > least:
        if tiles > 1:
            parts.append((row, rows, tile, tiles - tiles // 2))
            tile, tiles = tile + tiles - tiles // 2, tiles // 2
        else:
            parts.append((row, rows - rows // 2, tile, tiles))
            row, rows = row + rows - rows // 2, rows // 2
    return parts + [(row, rows, tile, tiles)]


class Placement:
    """Who has which rows of scratchpad, accumulator and parameters, from one product to the next.

    Products behind one another take rows that were used the longest time ago, so that the operands
    of one come while the one before it is still computed.

    Parameters
    ----------
    config : Config
        The configuration of the core.
    """

    def __init__(self, config):
        self.config = config
        self.a_rows = self.region_a = self.region_b = None
        self.accumulator_next = self.scales_next = 0
        self.steps = 0          # of all products before
        self.products = 0

    def open(self, plan):
        """Makes place for one more product; pieces of others stay where they are, if they can."""
        if self.a_rows != plan.a_rows:
            self.a_rows = plan.a_rows
            self.region_a = Region(0, plan.a_rows)
            self.region_b = Region(plan.a_rows, self.config.scratchpad_rows - plan.a_rows)
        self.products += 1

    def sums(self, rows):
        """The first of so many accumulator rows."""
        if self.accumulator_next + rows > self.config.accumulator_rows:
            self.accumulator_next = 0
        self.accumulator_next += rows
        return self.accumulator_next - rows

    def scales(self, columns):
        """The first row of parameters for the scales of so many columns."""
        rows = -(-columns // self.config.columns)
        if self.scales_next + rows > self.config.scale_rows:
            self.scales_next = 0
        self.scales_next += rows
        return self.scales_next - rows


class Emitter:
    """Makes the commands of one product, in an order that keeps all units at work.

    Parameters
    ----------
    config : Config
        The configuration of the core.
    plan : MatmulPlan
        How the product is cut; it fits.
    a, b : Matrix
        Operands in memory.
    c : Matrix or Results
        Results in memory.
    placement : Placement
        What is in the core's memories.
    """

    def __init__(self, config, plan, a, b, c, placement):
        self.config, self.plan = config, plan
        self.a, self.b, self.c = a, b, c
        self.place = placement
        self.steps = steps_of(plan)
        self.pieces = [[None, None] for _ in self.steps]
        self.first_row = firsts(plan.rows)
        self.first_tile = firsts(plan.tiles)
        self.first_panel = firsts(plan.panels)
        self.parts = {}
        self.commands = []

    def drafts(self):
        """All commands: the loads of the next step stand before the EXECUTE of a step."""
        final = self.steps[-1]
        for index, step in enumerate(self.steps):
            self._load(index, index)
            if index + 1 < len(self.steps):
                self._load(index + 1, index)
            block = step.row, step.tile
            if step.first:
                self.parts[block] = self._open_block(step, block == (final.row, final.tile))
                if self.c.bias is not None:
                    self._load_bias(step, self.parts[block])
            for part in self.parts[block]:
                self._execute(step, part, *self.pieces[index])
                if step.last:
                    self._store(step, part)
        self.place.steps += len(self.steps)
        return self.commands

    def _load(self, index, issued):
        """Loads what a step needs of A and B, as far as there is room.

        There always is once the EXECUTEs of all older steps are issued.
        """
        step, columns = self.steps[index], self.config.columns
        tiles = self.plan.tiles[step.tile]
        first = self.first_tile[step.tile] * columns
        rows = self.plan.rows[step.row]
        used = min(tiles * columns, self.plan.n - first)
        # B first: an EXECUTE reads its weights while A is still on its way.
        for which, region, matrix, group, first_row, count, pad in (
            (1, self.place.region_b, self.b, step.tile, first, used, tiles * columns - used),
            (0, self.place.region_a, self.a, step.row, self.first_row[step.row], rows, 0),
        ):
            height = count + pad
            key = self.place.products, group, step.panel
            size, before = height * self.plan.panels[step.panel], self.place.steps
            piece = region.place(key, size, before + index, before + issued)
            self.pieces[index][which] = piece
            if piece and piece.loaded < step.high:
                self._load_panels(step, region, piece, matrix, first_row, count, pad)

    def _load_panels(self, step, region, piece, matrix, first_row, count, pad):
        row_bytes = self.config.row_bytes
        first_byte = (self.first_panel[step.panel] + piece.loaded) * row_bytes
        last_byte = min((self.first_panel[step.panel] + step.high) * row_bytes, self.plan.k)
        self._add(
            Opcode.LOAD, target=Target.SCRATCHPAD.value, rows=count, bytes=last_byte - first_byte,
            pad=pad,
            address=matrix.address + first_row * matrix.stride + first_byte,
            stride=matrix.stride if count > 1 else last_byte - first_byte,
            destination=region.first + piece.start + piece.loaded * (count + pad),
            panel_stride=count + pad,
        )  # fmt: skip
        piece.loaded = step.high

    def _add(self, kind, **fields):
        self.commands.append(Draft(kind, fields))

    def _open_block(self, step, is_final):
        """Gives a block its accumulator rows. For each part: rows, tiles, first accumulator row."""
        rows, tiles = self.plan.rows[step.row], self.plan.tiles[step.tile]
        least = self.plan.last_block if is_final else rows * tiles
        start, parts = self.place.sums(rows * tiles), []
        for part in _halves(rows, tiles, least):
            parts.append((*part, start))
            start += part[1] * part[3]
        return parts

    def _load_bias(self, step, parts):
        """Fills the sums of a block with the bias of their columns."""
        columns = self.config.columns
        for _, rows, tile, tiles, c in parts:
            first = (self.first_tile[step.tile] + tile) * columns
            count = min(tiles * columns, self.plan.n - first)
            for fields in self.c.bias.loads(first, count, rows, c):
                self._add(Opcode.LOAD, **fields)

    def _execute(self, step, part, piece_a, piece_b):
        row, rows, tile, tiles, c = part
        height_a = self.plan.rows[step.row]
        columns = self.config.columns
        height_b = self.plan.tiles[step.tile] * columns
        self._add(
            Opcode.EXECUTE, m=rows, n=tiles, k=step.high - step.low,
            a=self.place.region_a.first + piece_a.start + step.low * height_a + row,
            b=self.place.region_b.first + piece_b.start + step.low * height_b + tile * columns,
            a_stride=height_a, b_stride=height_b, b_tile_stride=columns, c=c, c_stride=rows,
            a_signed=self.a.signed, b_signed=self.b.signed,
            accumulate=not step.first or self.c.bias is not None,
        )  # fmt: skip

    def _store(self, step, part):
        row, rows, tile, tiles, c = part
        columns = self.config.columns
        first_row = self.first_row[step.row] + row
        first = (self.first_tile[step.tile] + tile) * columns
        count = min(tiles * columns, self.plan.n - first)
        size = self.c.result_bytes
        self._add(
            Opcode.STORE, rows=rows, columns=count, source=c, panel_stride=rows,
            address=self.c.address + first_row * self.c.stride + size * first,
            stride=self.c.stride if rows > 1 else size * count,
            **self.c.epilogue(first // columns),
        )  # fmt: skip
