# amaranth: UnusedElaboratable=no
"""Whole boards in Verilator, bit by bit on the line, and the driver as it is."""

import os
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from board_line import disturbed

import ppu_sim
from ppu_fpga.boards.catalog import board
from ppu_fpga.boards.design import design
from ppu_fpga.boards.memories import BASE
from ppu_fpga.boards.simulation.process import SimulatedBoard
from ppu_sim.backends import Hang
from ppu_sim.serial import Disconnected

pytest.importorskip("amaranth_boards")

#: Where the iCEBreaker's memory begins.
ON_CHIP = board("icebreaker").memory.base
#: Cycles of a bit, and about the rate that comes through.
BIT, RATE = 4, 30_000
SHAPES = [(1, 1, 1), (5, 6, 3), (17, 33, 9), (3, 70, 21), (16, 16, 16)]


def simulated(name):
    """The board `name` with `tiny`."""
    made = design(board(name), preset="tiny")
    return SimulatedBoard(replace(made, baud=made.clock_hz // BIT))


def opened(terminal):
    return ppu_sim.open(f"serial:{terminal}?baud={RATE}")


@pytest.fixture(scope="module")
def on_chip():
    with simulated("icebreaker") as simulation:
        yield simulation
    counts = simulation.counts
    print(f"{counts.cycles:,} cycles at {counts.hz / 1e3:,.0f} kHz; lit: {counts.lit}")
    assert not counts.framing_errors


def check_products(device, rng, shapes=SHAPES):
    for m, k, n in shapes:
        a = rng.integers(-128, 128, (m, k), np.int8)
        b = rng.integers(-128, 128, (k, n), np.int8)
        assert np.array_equal(device.matmul(a, b), a.astype(np.int32) @ b.astype(np.int32))


def test_products(on_chip):
    with opened(on_chip.terminal) as device:
        assert device.config == board("icebreaker").fitted("tiny")
        assert device.backend.clock_hz == 21_000_000
        check_products(device, np.random.default_rng(1))


def test_the_digits_demo(on_chip, capsys):
    pytest.importorskip("sklearn")
    from ppu_sim.demo.__main__ import main

    address = f"serial:{on_chip.terminal}?baud={RATE}"
    assert main(["--backend", address, "--images", "3"]) == 0
    assert "3 images" in capsys.readouterr().out


@pytest.mark.parametrize("rate", [3e-4, 1e-3])
def test_lost_and_changed_bytes(on_chip, rate):
    seed = int(os.environ.get("SEED", time.time_ns() % 2**32))
    print(f"SEED={seed}")
    rng = np.random.default_rng(seed)
    with disturbed(on_chip.terminal, seed=seed, rate=rate) as (terminal, line):
        with opened(terminal) as device:
            check_products(device, rng, [(9, 14, 11)])
            data = rng.integers(0, 256, 2000, np.uint8)
            device.write(ON_CHIP + 3, data)
            assert np.array_equal(device.read(ON_CHIP + 3, data.shape, np.uint8), data)
            print(f"{line.faults} faults, {device.backend.link.repeats} times sent again")


def test_garbage_before(on_chip):
    rng = np.random.default_rng(2)
    terminal = os.open(on_chip.terminal, os.O_RDWR | os.O_NOCTTY)
    os.write(terminal, rng.bytes(3000))
    os.close(terminal)
    with opened(on_chip.terminal) as device:
        check_products(device, rng, [(4, 5, 6)])


def test_the_button_during_a_transfer(on_chip):
    """The bridge forgets what it had; what is lost is sent again, and the memory keeps the rest."""
    rng = np.random.default_rng(3)
    data = rng.integers(0, 256, 4000, np.uint8)
    with opened(on_chip.terminal) as device:
        timer = threading.Timer(0.1, on_chip.press_button)
        timer.start()
        for _ in range(3):
            device.write(ON_CHIP + 100, data)
        timer.join()
        assert np.array_equal(device.read(ON_CHIP + 100, data.shape, np.uint8), data)


def test_the_button_during_a_run(on_chip, monkeypatch):
    """The run is lost, which is told; opened anew, the core is as good as before."""
    a = np.ones((96, 96), np.int8)      # long enough for the button to come before its end
    with opened(on_chip.terminal) as device:
        backend, wait = device.backend, device.backend.wait

        def pressed(limit):
            on_chip.press_button()
            return wait(limit)

        monkeypatch.setattr(backend, "wait", pressed)
        with pytest.raises(Hang):
            device.matmul(a, a.T)
    with opened(on_chip.terminal) as device:
        check_products(device, np.random.default_rng(4), [(5, 5, 5)])


def test_sdram():
    """The SDRAM's whole way, with a chip that checks its rules, and its far ends."""
    rng = np.random.default_rng(5)
    with simulated("ulx3s") as simulation:
        with opened(simulation.terminal) as device:
            assert device.backend.memory_size == 32 << 20
            check_products(device, rng, SHAPES[:4])
            data = rng.integers(0, 256, 1500, np.uint8)
            for address in (1 << 20, (32 << 20) - 4096, 12345):
                device.write(BASE + address, data)
                assert np.array_equal(device.read(BASE + address, data.shape, np.uint8), data)
        with opened(simulation.terminal) as device:  # resets the core and the controller
            assert np.array_equal(device.read(BASE + 12345, data.shape, np.uint8), data)
    counts = simulation.counts
    print(f"{counts.cycles:,} cycles at {counts.hz / 1e3:,.0f} kHz")
    assert counts.broken_rules == ()
    assert "done" in counts.lit and "error" not in counts.lit


def test_unplugged():
    with simulated("icebreaker") as simulation:
        device = opened(simulation.terminal)
        simulation.close()
        with pytest.raises(Disconnected, match="plug it in again"):
            device.matmul(np.ones((4, 4), np.int8), np.ones((4, 4), np.int8))
        device.close()
