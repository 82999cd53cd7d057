# amaranth: UnusedElaboratable=no
"""The scratchpad: two reads and a write a cycle, against a numpy array."""

import numpy as np
import pytest
from amaranth.sim import Simulator

from ppu.memory.scratchpad import Scratchpad

LATENCY = Scratchpad.READ_LATENCY


def run(dut, cycles):
    """Plays `cycles`, dicts of inputs; returns (a_data, b_data) in each cycle."""
    seen = []

    async def play(ctx):
        for inputs in cycles:
            for enable in (dut.w_en, dut.a_en, dut.b_en):
                ctx.set(enable, 0)
            for name, value in inputs.items():
                ctx.set(getattr(dut, name), value)
            seen.append((ctx.get(dut.a_data), ctx.get(dut.b_data)))
            await ctx.tick()

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(play)
    sim.run()
    return seen


def write(row, value):
    return {"w_en": 1, "w_row": row, "w_data": value}


def read(port, row):
    return {f"{port}_en": 1, f"{port}_row": row}


@pytest.mark.parametrize("port", ["a", "b"])
def test_a_read_sees_writes_up_to_the_cycle_before(port):
    row = 9
    seen = run(Scratchpad(rows=64, banks=4, row_bytes=4), [
        write(row, 0x11), write(row, 0x22), read(port, row), {}, write(row, 0x33), read(port, row),
        {}, {}, {},
    ])  # fmt: skip
    data = [cycle["ab".index(port)] for cycle in seen]
    assert data[2 + LATENCY] == data[4 + LATENCY] == 0x22
    assert data[5 + LATENCY] == 0x33


@pytest.mark.parametrize("port", ["a", "b"])
def test_data_stays_until_the_next_read(port):
    seen = run(Scratchpad(rows=64, banks=4, row_bytes=4),
               [write(5, 0x55), read(port, 5), *[{}] * 6])
    data = [cycle["ab".index(port)] for cycle in seen]
    before, after = data[: 1 + LATENCY], data[1 + LATENCY]
    assert after == 0x55 and 0x55 not in before


@pytest.mark.parametrize(("rows", "banks", "row_bytes"), [(32, 2, 4), (64, 4, 4), (64, 16, 8)])
def test_random_traffic(rows, banks, row_bytes):
    """Writes every other cycle, also next to reads in the same bank and of neighbouring rows."""
    rng = np.random.default_rng(rows + banks)
    depth = rows // banks
    memory = [0] * rows
    expected = {}
    cycles, before = [], ()
    for cycle in range(3000):
        inputs = {}
        a, b = (int(x) for x in rng.integers(0, rows, 2))
        if rng.random() < 0.8:
            inputs |= read("a", a)
            expected[cycle + LATENCY, 0] = memory[a]
        if rng.random() < 0.8 and not ("a_en" in inputs and a // depth == b // depth):
            inputs |= read("b", b)
            expected[cycle + LATENCY, 1] = memory[b]
        if rng.random() < 0.5:
            row = int(rng.choice([a ^ 1, b ^ 1, rng.integers(0, rows)]))
            if row in (a, b, *before):
                row = next(other for other in range(rows) if other not in (a, b, *before))
            value = int.from_bytes(rng.bytes(row_bytes), "little")
            inputs |= write(row, value)
            memory[row] = value
        cycles.append(inputs)
        before = a, b
    seen = run(Scratchpad(rows=rows, banks=banks, row_bytes=row_bytes), [*cycles, *[{}] * LATENCY])
    for (cycle, port), value in expected.items():
        assert seen[cycle][port] == value, f"{'ab'[port]}_data in cycle {cycle}"


def test_two_reads_of_one_bank_are_an_error():
    dut = Scratchpad(rows=64, banks=4, row_bytes=4)
    run(dut, [{**read("a", 15), **read("b", 16)}, {}])
    with pytest.raises(AssertionError, match="two reads of one scratchpad bank in a cycle"):
        run(dut, [{**read("a", 16), **read("b", 31)}, {}])


@pytest.mark.parametrize("port", ["a", "b"])
def test_reading_a_row_while_it_is_written_is_an_error(port):
    dut = Scratchpad(rows=64, banks=4, row_bytes=4)
    run(dut, [{**write(17, 1), **read(port, 16)}, {}])
    with pytest.raises(AssertionError, match="is read while it is written"):
        run(dut, [{**write(17, 1), **read(port, 17)}, {}])
    with pytest.raises(AssertionError, match="is read while it is written"):
        run(dut, [read(port, 17), write(17, 1), {}])
