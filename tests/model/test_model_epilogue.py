"""What the model's STORE makes of sums, from its meaning, one number at a time."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from ppu.config import TINY
from ppu.isa import ErrorCode, StoreFormat, Target
from ppu_sim.model import Machine
from ppu_sim.program import load, store

CONFIG = replace(TINY, epilogue_lanes=2)
RING, SCALES, TABLES, SUMS, RESIDUAL, RESULT = 0, 0x1000, 0x2000, 0x4000, 0x5000, 0x6000
COLUMNS, ROWS = 7, 3


def words(values):
    return np.asarray(values, np.float32).view(np.uint8)


def machine(scales, sums, *, residual_table=None, activation_table=None, residual=None):
    """A machine with all of that in memory, and the LOADs that bring it."""
    memory = np.zeros(0x7000, np.uint8)
    rows, columns = CONFIG.parameter_rows, CONFIG.columns
    memory[SCALES : SCALES + 4 * len(scales)] = words(scales)
    memory[SUMS : SUMS + sums.size * 4] = sums.astype("<i4").view(np.uint8).reshape(-1)
    program = [
        load(rows=1, bytes=4 * len(scales), address=SCALES, destination=3, panel_stride=1,
             target=Target.PARAMETERS),
        load(rows=len(sums), bytes=4 * sums.shape[1], address=SUMS, destination=0,
             target=Target.ACCUMULATOR),
    ]  # fmt: skip
    for part, table in ((2, residual_table), (3, activation_table)):
        if table is not None:
            # One word for each lane.
            data = np.repeat(np.asarray(table, np.float32).view(np.uint32) if part == 2
                             else np.asarray(table, np.uint32), CONFIG.epilogue_lanes)
            start = TABLES + 0x1000 * (part - 2)
            memory[start : start + 4 * len(data)] = data.astype("<u4").view(np.uint8)
            program.append(load(rows=1, bytes=4 * len(data), address=start,
                                destination=part * rows // 4, panel_stride=1,
                                target=Target.PARAMETERS))  # fmt: skip
    if residual is not None:
        memory[RESIDUAL : RESIDUAL + residual.size] = residual.view(np.uint8).reshape(-1)
        program.append(load(rows=len(residual), bytes=residual.shape[1], address=RESIDUAL,
                            destination=16, target=Target.ACCUMULATOR))  # fmt: skip
    assert columns == 4
    return Machine(CONFIG, memory), program


def run(made, dtype=np.uint8, **fields):
    machine, program = made
    command = store(rows=ROWS, columns=COLUMNS, address=RESULT, source=0, scales=3, **fields)
    assert machine.run([*program, command], RING)
    size = np.dtype(dtype).itemsize
    return machine.memory[RESULT : RESULT + ROWS * COLUMNS * size].view(dtype).reshape(
        ROWS, COLUMNS)  # fmt: skip


def operands(seed):
    rng = np.random.default_rng(seed)
    sums = rng.integers(-(10**6), 10**6, (ROWS, COLUMNS))
    return rng, sums, (rng.random(COLUMNS) / 5000).astype(np.float32)


def rounded(fraction):
    """To nearest, ties to even."""
    return round(fraction)


@pytest.mark.parametrize(("form", "dtype", "zero_point"), [
    (StoreFormat.INT8, np.int8, -7), (StoreFormat.UINT8, np.uint8, 120)])
def test_scaled_integers(form, dtype, zero_point):
    _, sums, scales = operands(1)
    got = run(machine(scales, sums), dtype, result_format=form, zero_point=zero_point)
    limits = np.iinfo(dtype)
    for i, c in np.ndindex(sums.shape):
        # A double holds the product of a sum below 2^24 and a float32, of which one is made.
        product = np.float32(float(sums[i, c]) * float(scales[c]))
        want = rounded(Fraction(float(product))) + zero_point
        assert got[i, c] == min(limits.max, max(limits.min, want))


def test_limits_and_ties():
    sums = np.array([[-5, -3, -1, 1, 3, 5, 7]] * ROWS)
    half = np.full(COLUMNS, 0.5, np.float32)
    got = run(machine(half, sums), np.int8, result_format=StoreFormat.INT8)
    assert got[0].tolist() == [-2, -2, 0, 0, 2, 2, 4]
    got = run(machine(half, sums), np.int8, result_format=StoreFormat.INT8, low=-1, high=3,
              zero_point=1)
    assert got[0].tolist() == [-1, -1, 1, 1, 3, 3, 3]


def test_residual_and_activation_tables():
    rng, sums, scales = operands(2)
    residual = rng.integers(0, 256, (ROWS, COLUMNS), np.uint8)
    table = (40 * rng.random(256) - 20).astype(np.float32)
    lookup = rng.integers(0, 256, 256)
    made = machine(scales, sums, residual_table=table, activation_table=lookup, residual=residual)
    got = run(made, result_format=StoreFormat.UINT8, zero_point=128, residual=16,
              add_residual=True, activate=True)
    for i, c in np.ndindex(sums.shape):
        exact = Fraction(int(sums[i, c])) * Fraction(float(scales[c])) + Fraction(
            float(table[residual[i, c]]))
        want = rounded(Fraction(float(np.float32(float(exact))))) + 128
        assert got[i, c] == lookup[min(255, max(0, want))]


@pytest.mark.parametrize(("form", "dtype"), [
    (StoreFormat.FLOAT32, np.float32), (StoreFormat.FLOAT16, np.float16)])
def test_floating_point(form, dtype):
    _, sums, scales = operands(3)
    got = run(machine(scales, sums), dtype, result_format=form)
    want = (sums.astype(np.float32) * scales).astype(dtype)
    assert got.tobytes() == want.tobytes()


def test_shared_scales_and_signs_of_zero():
    """The second chunk takes the scales of the first; -0 stays -0."""
    sums = np.array([[0, 0, 1, 1, 0, 0, 1]] * ROWS)
    scales = np.array([-2, 2, -3, 3, 5, 5, 5], np.float32)
    got = run(machine(scales, sums), np.float32, result_format=StoreFormat.FLOAT32,
              shared_scales=True)
    want = np.array([-0.0, 0.0, -3, 3, -0.0, 0.0, -3], np.float32)
    assert got[0].tobytes() == want.tobytes()


@pytest.mark.parametrize(("fields", "code", "address"), [
    ({"result_format": StoreFormat.INT8, "low": 3, "high": 2}, ErrorCode.FORMAT, 0),
    ({"result_format": StoreFormat.FLOAT32, "columns": 17, "add_residual": 1}, ErrorCode.FORMAT, 0),
    ({"result_format": StoreFormat.FLOAT32, "rows": 2, "add_residual": 1, "residual": 127},
     ErrorCode.ACCUMULATOR, 128),
    ({"result_format": StoreFormat.UINT8, "columns": 5, "scales": 255}, ErrorCode.PARAMETERS, 256),
    ({"result_format": StoreFormat.UINT8, "columns": 5, "scales": 256, "shared_scales": 1},
     ErrorCode.PARAMETERS, 256),
    ({"result_format": StoreFormat.INT32, "scales": 1}, ErrorCode.RESERVED, 0)])
def test_errors(fields, code, address):
    made = Machine(CONFIG, np.zeros(0x7000, np.uint8))
    fields = {"rows": 1, "columns": 1} | fields
    made.run([store(address=RESULT, source=0, **fields)], RING)
    read = made.read_register
    assert (read("ERROR_CODE"), read("ERROR_ADDRESS_LOW")) == (code.value, address)
    assert not made.memory[RESULT:].any()


def test_without_an_epilogue():
    """What only an epilogue has is refused."""
    for command, code in (
            (store(rows=1, columns=1, address=0, source=0, result_format=StoreFormat.UINT8),
             ErrorCode.RESERVED),
            (store(rows=1, columns=1, address=0, source=0, result_format=StoreFormat.FLOAT32),
             ErrorCode.FORMAT),
            (load(rows=1, bytes=1, address=0, destination=0, target=Target.PARAMETERS),
             ErrorCode.FORMAT)):  # fmt: skip
        made = Machine(replace(TINY, epilogue_lanes=0), np.zeros(0x1000, np.uint8))
        made.run([command], 0x800)
        assert made.read_register("ERROR_CODE") == code.value


@pytest.mark.parametrize(("name", "value"), [("low", -1), ("high", 256), ("zero_point", 999)])
def test_the_builder_checks_numbers_of_the_results_type(name, value):
    with pytest.raises(ValueError, match=f"^{name} must be from 0 to 255, not {value}$"):
        store(rows=1, columns=1, address=0, source=0, result_format=StoreFormat.UINT8,
              **{name: value})
