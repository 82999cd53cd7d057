# amaranth: UnusedElaboratable=no
"""What a device refuses: addresses, registers and limits out of range, and all use once closed."""

import numpy as np
import pytest

import ppu_sim
from ppu_sim.program import end
from ppu_sim.toolchain import ToolMissing

INT8 = np.zeros((3, 4), np.int8)


@pytest.fixture(scope="module")
def model():
    with ppu_sim.open("model", preset="tiny", memory_size=1 << 20) as device:
        yield device


@pytest.mark.parametrize("address, size", [(-8, 8), (1 << 20, 1), ((1 << 20) - 7, 8)])
def test_beyond_the_memory(model, address, size):
    message = f"of {size} bytes at address {address} is not within the memory, addresses 0 to "
    with pytest.raises(ValueError, match=f"a write {message}1048575"):
        model.write(address, np.zeros(size, np.uint8))
    with pytest.raises(ValueError, match=f"a read {message}1048575"):
        model.read(address, size, np.uint8)


def test_reads_and_writes_of_other_types_are_refused(model):
    with pytest.raises(TypeError, match=r"address must be an integer, not 1\.5"):
        model.write(1.5, INT8)
    with pytest.raises(TypeError, match=r"shape must be an integer, not 2\.5"):
        model.read(0, (2, 2.5), np.uint8)
    with pytest.raises(ValueError, match=r"shape must not be negative, not \(2, -1\)"):
        model.read(0, (2, -1), np.uint8)


def test_registers_by_name(model):
    for value in (-1, 1 << 32):
        with pytest.raises(ValueError, match=f"value must be from 0 to 4294967295, not {value}"):
            model.write_register("RING_SIZE", value)
    with pytest.raises(KeyError, match=r"no register 'STATE'; there are ID, .*STATUS.* COUNT_"):
        model.read_register("STATE")
    with pytest.raises(KeyError, match="no register 'STATE'; "):
        model.write_register("STATE", 1)


USES = {
    "enter": lambda device: device.__enter__(),
    "memory": lambda device: device.memory,
    "settings": lambda device: device.settings,
    "configure": lambda device: device.configure(ppu_sim.Settings()),
    "read_register": lambda device: device.read_register("ID"),
    "write_register": lambda device: device.write_register("CONTROL", 1),
    "reset": lambda device: device.reset(),
    "allocate": lambda device: device.allocate(1),
    "read": lambda device: device.read(0, 1, np.uint8),
    "write": lambda device: device.write(0, INT8),
    "matmul": lambda device: device.matmul(INT8, INT8.T),
    "linear": lambda device: device.linear(INT8, INT8),
    "run": lambda device: device.run([end()]),
}


@pytest.mark.parametrize("backend", ["model", "verilator"])
def test_a_closed_device(backend):
    try:
        device = ppu_sim.open(backend, preset="tiny", memory_size=1 << 20)
    except ToolMissing as missing:
        pytest.skip(str(missing))
    simulator = device.backend
    device.matmul(INT8, INT8.T)
    device.close()
    device.close()
    for use in USES.values():
        with pytest.raises(RuntimeError, match=r"^the device is closed$"):
            use(device)
    assert device.last_run.macs == 36
    assert repr(device).endswith("bytes of memory, closed>")
    if backend == "verilator":
        with pytest.raises(RuntimeError, match=r"^the device is closed$"):
            simulator.read_register(0)


def test_limits_are_at_least_1(model):
    with pytest.raises(ValueError, match="limit must be at least 1, not 0"):
        model.run([end()], limit=0)
    with pytest.raises(TypeError, match=r"limit must be an integer, not 1\.5"):
        model.run([end()], limit=1.5)
