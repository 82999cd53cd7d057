"""cocotb: the scratchpad, with two reads and a write in every cycle, against a numpy array."""

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge

from ppu_sim.bench.runner import parameters

#: Name -> share of cycles with a write, with a read of A, with a read of B.
TRAFFIC = {"full": (1, 1, 1), "reads": (0.1, 0.9, 0.9), "writes": (0.9, 0.2, 0.2),
           "mixed": (0.5, 0.5, 0.5)}  # fmt: skip


class Environment:
    """Clock and ports of a scratchpad; `rows` is what it holds."""

    def __init__(self, dut):
        self.dut = dut
        p = parameters()
        self.row_bytes, self.latency = p["row_bytes"], p["latency"]
        self.count, self.banks = p["rows"], p["banks"]
        self.rng = np.random.default_rng(cocotb.RANDOM_SEED)
        self.rows = np.zeros((self.count, self.row_bytes), np.uint8)
        for name in ("w_en", "w_row", "w_data", "a_en", "a_row", "b_en", "b_row"):
            getattr(dut, name).value = 0
        dut.rst.value = 1
        Clock(dut.clk, 10, unit="ns").start()

    async def start(self):
        """Leaves reset and fills all rows, which hold what the last test left."""
        for _ in range(2):
            await RisingEdge(self.dut.clk)
        self.dut.rst.value = 0
        for row in range(self.count):
            self.write(row)
            await RisingEdge(self.dut.clk)
        self.dut.w_en.value = 0

    def write(self, row):
        """Sets the write port up, and notes what it will do."""
        self.rows[row] = self.rng.integers(0, 256, self.row_bytes, np.uint8)
        self.dut.w_en.value = 1
        self.dut.w_row.value = row
        self.dut.w_data.value = int.from_bytes(self.rows[row].tobytes(), "little")

    async def play(self, cycles, traffic):
        """Random accesses; `traffic` gives (write, A, B) rows, or None, for each cycle."""
        dut, due = self.dut, {}
        for cycle in range(cycles + self.latency + 1):
            write, *reads = traffic() if cycle < cycles else (None, None, None)
            for port, row in zip("ab", reads, strict=True):
                getattr(dut, f"{port}_en").value = int(row is not None)
                if row is not None:
                    getattr(dut, f"{port}_row").value = row
                    due[cycle + self.latency, port] = row, self.rows[row].tobytes()
            dut.w_en.value = 0
            if write is not None:
                self.write(write)
            await RisingEdge(dut.clk)
            for port in "ab":
                if (cycle, port) in due:
                    row, wanted = due.pop((cycle, port))
                    value = int(getattr(dut, f"{port}_data").value)
                    got = value.to_bytes(self.row_bytes, "little")
                    assert got == wanted, (
                        f"{port}, row {row}: got {got.hex()}, expected {wanted.hex()} "
                        f"(seed {cocotb.RANDOM_SEED})"
                    )


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(traffic=list(TRAFFIC))
async def random_traffic(dut, traffic):
    """Reads go to different banks; the write goes to any row that is not and was not just read,
    often to one next to them."""
    env = Environment(dut)
    await env.start()
    rng, depth = env.rng, env.count // env.banks
    before = []

    def rows():
        a_bank, b_bank = rng.choice(env.banks, 2, replace=False)
        a, b = (int(bank * depth + rng.integers(depth)) for bank in (a_bank, b_bank))
        write = int(rng.choice([a ^ 1, b ^ 1, rng.integers(env.count)]))
        chosen = [row if rng.random() < share else None
                  for row, share in zip([write, a, b], TRAFFIC[traffic], strict=True)]
        reads, barred = chosen[1:], chosen[1:] + before
        before[:] = reads
        return [None if write in barred else chosen[0], *reads]

    await env.play(1500, rows)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def ping_pong(dut):
    """As in a long matrix product: operands, weights and a load stream through a bank each."""
    env = Environment(dut)
    await env.start()
    depth, step = env.count // env.banks, iter(range(10**6))

    def rows():
        index = next(step)
        turn = index // depth
        return [(turn + shift) % env.banks * depth + index % depth for shift in (2, 0, 1)]

    await env.play(3 * env.count, rows)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def reset_leaves_the_rows(dut):
    env = Environment(dut)
    await env.start()
    dut.rst.value = 1
    await RisingEdge(dut.clk)
    dut.rst.value = 0
    addresses = iter([*range(env.count)] * 2)
    await env.play(env.count, lambda: [None, next(addresses), None])
