"""cocotb: an SDRAM controller with the chip in Verilog, random bursts from cocotbext-axi."""

import logging
import random

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge
from cocotbext.axi import AxiBus, AxiMaster

from ppu_fpga.memory.model.chip_instance import broken_rules
from ppu_sim.bench.runner import parameters


async def start(dut):
    """A master on the controller, out of reset."""
    dut.rst.value = 1
    Clock(dut.clk, 10, unit="ns").start()
    logging.getLogger(f"cocotb.{dut._name}").setLevel(logging.WARNING)
    master = AxiMaster(AxiBus.from_prefix(dut, "s_axi_"), dut.clk, dut.rst)
    for _ in range(4):
        await RisingEdge(dut.clk)
    dut.rst.value = 0
    return master


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def what_is_written_is_read(dut):
    size, wrong = parameters()["size"], parameters()["wrong"]
    rng, master = random.Random(cocotb.RANDOM_SEED), await start(dut)
    image = bytearray(rng.randbytes(size))
    await master.write(0, bytes(image))
    for _ in range(40):
        length = rng.choice((1, 3, 8, 100, rng.randint(1, 2000)))
        address = rng.randrange(size - length)
        data = rng.randbytes(length)
        image[address : address + length] = data
        writing = cocotb.start_soon(master.write(address, data))
        other = rng.randrange(size // 16)
        if not address - 64 <= other < address + length + 64:
            got = await master.read(other, 1)
            assert got.data[0] == image[other]
        await writing
    got = await master.read(0, size)
    errors = broken_rules(int(dut.errors.value))
    if wrong:
        assert wrong in errors, errors
    else:
        assert not errors, errors
        assert got.data == image
