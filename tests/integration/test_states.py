# amaranth: UnusedElaboratable=no
"""Every cycle of every unit has its cause, and CYCLES is what the simulation counts."""

from contextlib import closing

import numpy as np
import pytest

import ppu_sim
from ppu.config import PRESETS
from ppu.isa import Opcode
from ppu.lib.states import STATES
from ppu_sim.backends import Settings, open_backend
from ppu_sim.fuzz.case import MEMORY_BYTES, random_case, run_case
from ppu_sim.program import Program, end, execute, load, store
from ppu_sim.registers import Registers

SETTINGS = [Settings(latency=latency, stall=stall, seed=3)
            for latency in (1, 30, 100) for stall in (0, 0.25)]  # fmt: skip


@pytest.fixture(scope="module", params=["tiny", "small"])
def device(request):
    with ppu_sim.open("verilator", preset=request.param) as device:
        yield device


def check(counters, cycles):
    assert counters["CYCLES"] == cycles
    for unit, states in STATES.items():
        names = [f"{unit}_{state.name}".upper() for state in states]
        assert sum(counters[name] for name in names) == cycles, unit
    assert counters["STORE_BUSY"] == counters["WRITE_BEATS"]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("shape", [(1, 1, 1), (13, 70, 21), (64, 64, 64)], ids=str)
def test_product(device, settings, shape):
    m, k, n = shape
    device.configure(settings)
    device.matmul(np.ones((m, k), np.int8), np.ones((k, n), np.int8))
    run = device.last_run
    check(run.counters, run.cycles)
    columns, row_bytes = device.config.columns, device.config.row_bytes
    assert run.states["execute"]["busy"] == m * -(-n // columns) * -(-k // row_bytes)
    assert run.states["load"]["busy"] > 0


def two_programs(device):
    """Two ENDs; what follows the first one takes much longer than the host needs to see it."""
    a = device.allocate(1 << 16)
    rows = device.config.columns
    head = [load(rows=rows, bytes=4, address=a, destination=0),
            execute(m=rows, a=0, b=0, c=0), store(rows=rows, columns=1, address=a, source=0)]
    return [*head, end(1)], [*head * 12, end(2)]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_queued_programs(device, settings):
    """The first END does not end the count; the last one does."""
    first, second = two_programs(device)
    device.configure(settings)
    device.run(Program([*first, *second]))
    run = device.last_run
    check(run.counters, run.cycles)
    assert run.counters["COMMANDS"] == len(first) + len(second)


def test_programs_one_after_the_other(device):
    """The time between them does not count."""
    device.configure(Settings(latency=30))
    first, second = two_programs(device)
    device.reset()
    ring = device.allocate(4096)
    ring += -ring % 4096
    device.write(ring, np.frombuffer(Program([*first, *second]).to_bytes(), np.uint8))
    device.write_register("RING_BASE_LOW", ring)
    device.write_register("RING_SIZE", 64)
    total = 0
    for tail in (len(first), len(first) + len(second)):
        device.write_register("RING_TAIL", tail, start=True)
        assert device.backend.wait(100_000)
        total += device.backend.cycles
        device.write_register("IRQ_CAUSE", 3)
        device.backend.advance(1000)
    check(device.registers.counters(), total)


@pytest.mark.parametrize("preset", ["tiny", "small"])
def test_random_programs(preset):
    """Also those that end with an error."""
    config, codes = PRESETS[preset], set()
    for seed in range(60):
        case = random_case(config, seed)
        if sum(command.kind is Opcode.END for command in case.program) > 1:
            continue
        with closing(open_backend("verilator", config, MEMORY_BYTES)) as backend:
            outcome = run_case(case, backend)
            check(Registers(backend).counters(), outcome.cycles)
        codes.add(outcome.registers["ERROR_CODE"])
    assert len(codes) > 2


def test_the_model_counts_commands_only():
    with ppu_sim.open("model", preset="tiny") as device:
        device.matmul(np.ones((4, 4), np.int8), np.ones((4, 4), np.int8))
    counters = dict(device.last_run.counters)
    assert counters.pop("COMMANDS") == device.last_run.commands
    assert not any(counters.values())
