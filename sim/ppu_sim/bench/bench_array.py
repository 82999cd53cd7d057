"""cocotb: the MAC array, with streams of tiles whose weights are swapped under way.

Operands and weights of a tile are INT8 or UINT8 each; a core built for signed operands only gets
INT8. Sums are compared with numpy, exactly, in the very cycle in which they are due.
"""

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge

from ppu_sim.bench.runner import parameters

#: Pattern of gaps -> (share of cycles without an operand row, without a weight row).
GAPS = {"none": (0, 0), "operands": (0.4, 0), "weights": (0, 0.4), "both": (0.3, 0.3)}
#: Low and high end of operands: signed, unsigned.
RANGES = ((-128, 128), (0, 256))


def pack(values, width):
    """Numbers of `width` bits each, the first one lowest."""
    mask = (1 << width) - 1
    return sum((int(value) & mask) << width * index for index, value in enumerate(values))


def unpack(bits, width, count):
    """The signed numbers of a packed port."""
    words = [bits >> width * index & (1 << width) - 1 for index in range(count)]
    return [word - (word >> width - 1 << width) for word in words]


class Environment:
    """Clock and packed ports of an array."""

    def __init__(self, dut):
        self.dut = dut
        p = parameters()
        self.lanes, self.columns, self.latency = p["lanes"], p["columns"], p["latency"]
        self.operand_width, self.sum_width = p["operand_width"], p["sum_width"]
        self.signs = RANGES if p["mixed_signs"] else RANGES[:1]
        self.rng = np.random.default_rng(cocotb.RANDOM_SEED)
        for port in (dut.i_a, dut.i_b, dut.i_swap, dut.i_load, dut.i_column):
            port.value = 0
        dut.rst.value = 1
        Clock(dut.clk, 10, unit="ns").start()

    async def start(self):
        for _ in range(2):
            await RisingEdge(self.dut.clk)
        self.dut.rst.value = 0

    def tile(self, rows):
        """Operand rows and weight rows, with extreme values more often than by chance."""
        operands = []
        for count in (rows, self.columns):
            low, high = self.signs[self.rng.integers(len(self.signs))]
            values = self.rng.integers(low, high, (count, self.lanes))
            extreme = self.rng.choice([low, high - 1], (count, self.lanes))
            operands.append(np.where(self.rng.random(values.shape) < 0.2, extreme, values))
        return tuple(operands)

    async def stream(self, tiles, gaps="none"):
        """Streams tiles as tightly as the gaps allow, and checks every sum when it is due.

        Returns the cycles from the first weight row to the last sums.
        """
        dut, columns = self.dut, self.columns
        operand_gap, weight_gap = GAPS[gaps]
        rows = [(t, i) for t, (a, _) in enumerate(tiles) for i in range(len(a))]
        weights = [(t, c) for t in range(len(tiles)) for c in reversed(range(columns))]
        expected = [a @ b.T for a, b in tiles]
        due, cycle, fed, loaded, started = {}, 0, 0, 0, 0
        while fed < len(rows) or due:
            dut.i_swap.value = 0
            dut.i_load.value = 0
            tile, row = rows[fed] if fed < len(rows) else (len(tiles), 0)
            if loaded >= (tile + 1) * columns and self.rng.random() >= operand_gap:
                dut.i_a.value = pack(tiles[tile][0][row], self.operand_width)
                dut.i_swap.value = int(row == 0)
                due[cycle + self.latency] = tile, row
                started, fed = tile + 1, fed + 1
            # Weights of the next tile may come as soon as this one has started.
            may_load = loaded < min(len(weights), (started + 1) * columns)
            if may_load and self.rng.random() >= weight_gap:
                tile, column = weights[loaded]
                dut.i_b.value = pack(tiles[tile][1][column], self.operand_width)
                dut.i_column.value = column
                dut.i_load.value = 1
                loaded += 1
            await RisingEdge(dut.clk)
            if cycle in due:
                tile, row = due.pop(cycle)
                sums = unpack(int(dut.o_sums.value), self.sum_width, columns)
                wanted = expected[tile][row].tolist()
                assert sums == wanted, (
                    f"tile {tile}, row {row}: got {sums}, expected {wanted} "
                    f"(seed {cocotb.RANDOM_SEED})"
                )
            cycle += 1
        return cycle


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(gaps=list(GAPS))
async def products_are_exact(dut, gaps):
    env = Environment(dut)
    await env.start()
    heights = env.rng.choice([1, 2, 3, env.columns, env.columns + 1, 3 * env.columns], 60)
    await env.stream([env.tile(int(rows)) for rows in heights], gaps)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def extremes_fit_the_sums(dut):
    env = Environment(dut)
    await env.start()
    corners = sorted({value for low, high in env.signs for value in (low, high - 1)})
    tiles = [(np.full((2, env.lanes), a), np.full((env.columns, env.lanes), b))
             for a in corners for b in corners]
    await env.stream(tiles)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def a_row_enters_every_cycle(dut):
    """Tiles of m >= columns rows follow each other without a bubble."""
    env = Environment(dut)
    await env.start()
    heights = [env.columns, env.columns + 1, 2 * env.columns] * 20
    cycles = await env.stream([env.tile(rows) for rows in heights])
    assert cycles == env.columns + sum(heights) + env.latency
