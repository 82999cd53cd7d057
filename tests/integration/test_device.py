# amaranth: UnusedElaboratable=no
"""The front door: arguments, memory, errors, what a run reports."""

import dataclasses

import numpy as np
import pytest

import ppu_sim
from ppu.config import TINY, Signs
from ppu.isa import ErrorCode
from ppu_sim.program import Command, Program, end, load
from ppu_sim.toolchain import ToolMissing

INT8 = np.zeros((3, 4), np.int8)


@pytest.fixture(scope="module")
def model():
    with ppu_sim.open("model", preset="tiny", memory_size=1 << 20) as device:
        yield device


@pytest.fixture(scope="module")
def rtl():
    try:
        device = ppu_sim.open("verilator", preset="tiny", memory_size=1 << 20, latency=10)
    except ToolMissing as missing:
        pytest.skip(str(missing))
    with device:
        yield device


@pytest.mark.parametrize("arguments, message", [
    ({"backend": "vcs"}, "backend must be one of verilator, model, amaranth, icarus, not 'vcs'"),
    ({"preset": "huge"}, "preset must be one of tiny, small, medium, ppu1, not 'huge'"),
    ({"preset": "tiny", "config": TINY}, "give a preset or a config, not both: 'tiny'"),
    ({"latency": 0}, "latency must be from 1 to 1023, not 0"),
    ({"latency": 1024}, "latency must be from 1 to 1023, not 1024"),
    ({"latency": np.int64(-1)}, "latency must be from 1 to 1023, not -1"),
    ({"stall": 1.0}, "stall must be from 0 to 255/256, not 1.0"),
    ({"stall": -0.1}, "stall must be from 0 to 255/256, not -0.1"),
    ({"stall": {"x": 0.1}}, "stall must name channels ar, r, aw, w, b, not 'x'"),
    ({"seed": -1}, "seed must be from 0 to 4294967295, not -1"),
    ({"memory_size": 100},
     "memory_size must be a multiple of 64 from 64 to 4294967232, not 100"),
    ({"memory_size": 1 << 32},
     "memory_size must be a multiple of 64 from 64 to 4294967232, not 4294967296"),
])  # fmt: skip
def test_open_refuses(arguments, message):
    with pytest.raises(ValueError) as error:
        ppu_sim.open(**{"backend": "model", **arguments})
    assert str(error.value) == message


@pytest.mark.parametrize("arguments, message", [
    ({"config": "tiny"}, "config must be a Config, not 'tiny'"),
    ({"latency": 2.5}, "latency must be an integer, not 2.5"),
    ({"latency": True}, "latency must be an integer, not True"),
    ({"seed": "1"}, "seed must be an integer, not '1'"),
    ({"stall": "much"}, "stall must be a number, not 'much'"),
    ({"memory_size": 64.0}, "memory_size must be an integer, not 64.0"),
])  # fmt: skip
def test_open_refuses_other_types(arguments, message):
    with pytest.raises(TypeError) as error:
        ppu_sim.open("model", **arguments)
    assert str(error.value) == message


def test_open_takes_numbers_of_numpy():
    numbers = {"latency": np.int64(7), "seed": np.uint32(5), "memory_size": np.int32(1 << 16)}
    with ppu_sim.open("model", preset="tiny", stall=np.float32(0.25), **numbers) as device:
        assert device.settings == ppu_sim.Settings(latency=7, stall=0.25, seed=5)
        assert device.settings.as_dict(address_width=32, size=64)["stalls"]["ar"] == 64
        assert repr(device) == "<Device model, 4 x 4 core, 65536 bytes of memory>"


@pytest.mark.parametrize("a, b, error, message", [
    (INT8.astype(np.float32), INT8.T, TypeError,
     "a must be an array of int8 or uint8, not float32"),
    (INT8, INT8.T.astype(np.int64), TypeError, "b must be an array of int8 or uint8, not int64"),
    ([[1]], INT8, TypeError, "a must be an array of int8 or uint8, not list"),
    (INT8, np.ma.masked_less(INT8.T, 1), TypeError,
     "b must not be a masked array: fill it, b.filled(0)"),
    (INT8[0], INT8.T, ValueError, "a must have 2 dimensions of at least 1, not (4,)"),
    (INT8, np.zeros((4, 0), np.int8), ValueError,
     "b must have 2 dimensions of at least 1, not (4, 0)"),
    (INT8, INT8, ValueError,
     "a and b must have the same K, not 4 and 3: shapes (3, 4) and (3, 4)"),
])  # fmt: skip
def test_matmul_refuses(model, a, b, error, message):
    with pytest.raises(error) as raised:
        model.matmul(a, b)
    assert str(raised.value) == message


def test_linear_names_its_operands(model):
    with pytest.raises(ValueError, match="x and weight must have the same K, not 4 and 3"):
        model.linear(INT8, INT8.T)


def test_signs_that_are_not_built_are_refused():
    config = dataclasses.replace(TINY, signs=Signs.SIGNED)
    with ppu_sim.open("model", config=config) as device:
        message = "b must be int8 on a core built with signs = signed, not uint8"
        with pytest.raises(ValueError, match=message):
            device.matmul(INT8, INT8.T.astype(np.uint8))


def test_matrices_too_big_for_the_memory_are_refused(model):
    a, b = np.zeros((1000, 8), np.int8), np.zeros((8, 1000), np.int8)
    with pytest.raises(ValueError) as error:
        model.matmul(a, b)
    assert str(error.value) == (
        "needs 4016000 bytes of memory, the device has 1048576; "
        "open it with a larger memory_size (ppu gemm: --memory)"
    )
    assert model.allocator.free == 1 << 20


def test_allocations_are_aligned_and_stay():
    with ppu_sim.open("model", preset="tiny", memory_size=1 << 16) as device:
        first, second = device.allocate(5), device.allocate(5)
        assert second - first == 64
        device.write(first, np.arange(5, dtype=np.uint8))
        device.matmul(INT8, INT8.T)
        assert device.read(first, (5,), np.uint8).tolist() == [0, 1, 2, 3, 4]
        for size, error, message in (
            (0, ValueError, "size must be at least 1, not 0"),
            (1.5, TypeError, "size must be an integer, not 1.5"),
            (1 << 16, ValueError, "needs 65664 bytes of memory, the device has 65536; "),
        ):
            with pytest.raises(error, match=message):
                device.allocate(size)
        assert device.allocate(np.int64(5)) == second + 64


def test_operands_of_any_memory_layout(rtl):
    rng = np.random.default_rng(1)
    a = rng.integers(-128, 128, (12, 20), np.int8)[::2, ::-3]
    b = np.asfortranarray(rng.integers(0, 256, (a.shape[1], 9), np.uint8))
    expected = a.astype(np.int64) @ b.astype(np.int64)
    assert rtl.matmul(a, b).tolist() == expected.tolist()
    assert rtl.linear(a, b.T).tolist() == expected.tolist()


def test_every_mix_of_signs_at_the_extremes(rtl):
    extremes = {np.int8: (-128, 127), np.uint8: (0, 255)}
    for a_type, a_values in extremes.items():
        for b_type, b_values in extremes.items():
            a = np.resize(np.array(a_values, a_type), (3, 9))
            b = np.resize(np.array(b_values[::-1], b_type), (9, 5))
            expected = a.astype(np.int64) @ b.astype(np.int64)
            assert rtl.matmul(a, b).tolist() == expected.tolist()


def test_last_run(rtl):
    result = rtl.matmul(np.ones((8, 8), np.int8), np.ones((8, 8), np.int8))
    run = rtl.last_run
    assert result.dtype == np.int32 and (result == 8).all()
    assert run.macs == 512 and run.peak == 16
    assert run.utilization == 512 / (16 * run.cycles)
    assert run.simulated >= run.cycles and run.seconds > 0
    assert run.cycles_per_second == run.simulated / run.seconds
    assert run.counters["COMMANDS"] == run.commands
    assert run.counters["EXECUTE_BUSY"] >= 32
    assert run.counters["CYCLES"] == run.cycles
    for states in run.states.values():
        assert sum(states.values()) == run.cycles
    assert f"execute  no_command {run.states['execute']['no_command'] / run.cycles:.1%}" in str(run)


def test_runs_do_not_depend_on_each_other(rtl):
    a = np.ones((6, 5), np.int8)
    rtl.matmul(a, a.T)
    first = rtl.last_run
    rtl.matmul(np.ones((9, 9), np.uint8), np.ones((9, 2), np.uint8))
    rtl.matmul(a, a.T)
    assert rtl.last_run.cycles == first.cycles
    assert rtl.last_run.counters == first.counters


@pytest.mark.parametrize("name", ["model", "rtl"])
def test_core_error(name, request):
    device = request.getfixturevalue(name)
    bad = load(rows=1, bytes=4, address=0, destination=600)
    with pytest.raises(ppu_sim.CoreError) as raised:
        device.run([load(rows=1, bytes=4, address=0, destination=0), bad, end()])
    error = raised.value
    assert (error.code, error.index, error.address) == (ErrorCode.SCRATCHPAD, 1, 600)
    assert error.command == bad
    assert str(error) == f"SCRATCHPAD at command 1, address 0x258: {bad}"
    assert device.read_register("STATUS") == 0
    assert (device.matmul(INT8 + 1, INT8.T + 2) == 8).all()


def test_programs_end_with_end(model):
    with pytest.raises(ValueError, match="the last command must be END, not an empty program"):
        model.run(Program())
    with pytest.raises(ValueError, match="the last command must be END, not LOAD"):
        model.run([load(rows=1, bytes=4, address=0, destination=0)])


@pytest.mark.parametrize("name", ["model", "rtl"])
def test_a_program_with_several_ends_runs_to_the_last(name, request):
    device = request.getfixturevalue(name)
    device.run([end(1), end(2), load(rows=9, bytes=99, address=0, destination=0), end(3)])
    assert device.read_register("END_COUNT") == 3
    assert device.read_register("END_TAG") == 3


@pytest.mark.parametrize("name", ["model", "rtl"])
def test_a_program_longer_than_the_ring(name, request, monkeypatch):
    monkeypatch.setattr("ppu_sim.ring.RING_LIMIT", 8)
    device = request.getfixturevalue(name)
    expected = np.random.default_rng(1).integers(-128, 128, (21, 4), np.int8)
    device.write(4096, expected)
    device.matmul(expected, np.eye(4, dtype=np.int8))
    commands = [load(rows=1, bytes=4, address=4096 + 4 * i, destination=i) for i in range(21)]
    device.run([*commands, end(9)])
    assert device.read_register("COMPLETED") == 22


def test_a_hang_is_told():
    try:
        device = ppu_sim.open("verilator", preset="tiny", memory_size=1 << 16)
    except ToolMissing as missing:
        pytest.skip(str(missing))
    with device:
        with pytest.raises(ppu_sim.Hang, match=r"STATUS 0x1, .* COMPLETED 0x0"):
            device.run([load(rows=1, bytes=4, address=0, destination=0), end()], limit=5)
        assert (device.matmul(INT8 + 1, INT8.T + 2) == 8).all()


def test_a_command_without_a_name_is_shown():
    with ppu_sim.open("model", preset="tiny") as device:
        with pytest.raises(ppu_sim.CoreError, match="OPCODE at command 0, address 0x0: "):
            device.run([Command(0), end()])
