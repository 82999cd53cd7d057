"""FST of a small VCD file, with what is installed for it."""

import shutil
from importlib.util import find_spec

import pytest
from amaranth import *
from amaranth.lib import enum
from amaranth.sim import Simulator

from ppu_sim.toolchain import ToolMissing
from ppu_sim.waves import Dump, convert


class Phase(enum.Enum, shape=1):
    EVEN = 0
    ODD = 1


class Counter(Elaboratable):
    def __init__(self):
        self.count = Signal(4)
        self.phase = Signal(Phase)
        self.carry = Signal()

    def elaborate(self, platform):
        m = Module()
        m.d.sync += self.count.eq(self.count + 1)
        m.d.comb += [self.phase.eq(self.count[0]), self.carry.eq(self.count.all())]
        return m


CONVERTERS = [
    pytest.param("pylibfst", marks=pytest.mark.skipif(
        find_spec("pylibfst") is None, reason="no pylibfst for this Python")),
    pytest.param("vcd2fst", marks=pytest.mark.skipif(
        shutil.which("vcd2fst") is None, reason="GTKWave's vcd2fst is not installed")),
]  # fmt: skip


@pytest.mark.parametrize("converter", CONVERTERS)
def test_values_and_times_survive(monkeypatch, tmp_path, converter):
    pywellen = pytest.importorskip("pywellen", reason="pywellen reads FST")
    monkeypatch.setattr(convert, "find_spec", lambda name: name == converter or None)
    monkeypatch.setattr(Dump, "finish", lambda self: None)  # this is no core
    dump = convert.VcdDump(tmp_path / "counter.fst")
    simulator = Simulator(Counter())
    simulator.add_clock(10e-9)

    async def bench(ctx):
        await ctx.tick().repeat(20)

    simulator.add_testbench(bench)
    dump.record(simulator)
    simulator.run()
    dump.finish()
    dump.finish()
    assert [path.name for path in tmp_path.iterdir()] == ["counter.fst"]
    signals = {v.name: v.signal for v in pywellen.Waveform(str(dump.path)).all_vars()}
    cycle = 10_000_000  # femtoseconds
    for edges in range(20):
        time = edges * cycle + cycle // 4
        assert signals["count"].value_at(time) == edges % 16
        assert signals["carry"].value_at(time) == (edges == 15)
        assert signals["phase"].value_at(time).startswith("ODD" if edges % 2 else "EVEN")


def test_nothing_that_writes_fst(monkeypatch, tmp_path):
    monkeypatch.setattr(convert, "find_spec", lambda name: None)
    monkeypatch.setattr(convert.shutil, "which", lambda name: None)
    with pytest.raises(ToolMissing, match="apt-get install gtkwave"):
        convert.VcdDump(tmp_path / "x.fst")
    assert not list(tmp_path.iterdir())
