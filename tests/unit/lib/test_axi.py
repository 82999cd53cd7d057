# amaranth: UnusedElaboratable=no
"""Flat pins: the names of the AXI specification, and what is behind them."""

import pytest
from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, flipped
from amaranth.sim import Simulator

from ppu.lib.axi import AxiSignature, LiteSignature, Pins, connect_pins

AXI = AxiSignature(address_width=32, data_width=64, id_width=2)
LITE = LiteSignature(address_width=12)

#: Pin -> (width, driven by the manager), from the AMBA specification.
AXI_PINS = {
    **{f"{x}{pin}": (width, True) for x in ("aw", "ar") for pin, width in (
        ("id", 2), ("addr", 32), ("len", 8), ("size", 3), ("burst", 2), ("lock", 1), ("cache", 4),
        ("prot", 3), ("qos", 4), ("valid", 1))},
    "awready": (1, False), "arready": (1, False),
    "wdata": (64, True), "wstrb": (8, True), "wlast": (1, True), "wvalid": (1, True),
    "wready": (1, False),
    "bid": (2, False), "bresp": (2, False), "bvalid": (1, False), "bready": (1, True),
    "rid": (2, False), "rdata": (64, False), "rresp": (2, False), "rlast": (1, False),
    "rvalid": (1, False), "rready": (1, True),
}  # fmt: skip
LITE_PINS = {
    "awaddr": (12, True), "awvalid": (1, True), "awready": (1, False),
    "wdata": (32, True), "wstrb": (4, True), "wvalid": (1, True), "wready": (1, False),
    "bresp": (2, False), "bvalid": (1, False), "bready": (1, True),
    "araddr": (12, True), "arvalid": (1, True), "arready": (1, False),
    "rdata": (32, False), "rresp": (2, False), "rvalid": (1, False), "rready": (1, True),
}  # fmt: skip
CHANNELS = {"aw": True, "w": True, "ar": True, "b": False, "r": False}


@pytest.mark.parametrize(("bus", "pins"), [(AXI, AXI_PINS), (LITE, LITE_PINS)])
def test_names_widths_and_directions(bus, pins):
    members = Pins(bus).members
    assert {name: (Shape.cast(member.shape).width, member.flow == Out)
            for name, member in members.items()} == pins  # fmt: skip


class Stub(wiring.Component):
    """Does nothing with a bus."""

    def __init__(self, member):
        super().__init__({"bus": member})

    def elaborate(self, platform):
        return Module()


class Edge(wiring.Component):
    """Joins a stub to pins, as the top of a design does."""

    def __init__(self, signature, flow):
        self.stub = Stub(flow(signature))
        super().__init__({"pins": flow(Pins(signature))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.stub = self.stub
        connect_pins(m, self.stub.bus, self.pins)
        return m


def check(dut, signature, is_manager):
    """Drives each side with values of its own and looks at the other side."""
    async def play(ctx):
        bus, value = dut.stub.bus, 1
        for channel, by_manager in CHANNELS.items():
            port = getattr(bus, channel)
            inward = by_manager != is_manager
            for name, field in signature.members[channel].signature.members["payload"].shape:
                pin, inside = getattr(dut.pins, channel + name), getattr(port.payload, name)
                pin, inside = Value.cast(pin), Value.cast(inside)
                source, target = (pin, inside) if inward else (inside, pin)
                value = (5 * value + 3) % (1 << field.width)
                ctx.set(source, value)
                assert ctx.get(target) == value, channel + name
            pairs = [(getattr(dut.pins, channel + "valid"), port.valid),
                     (getattr(dut.pins, channel + "ready"), port.ready)]
            for (pin, inside), into in zip(pairs, (inward, not inward), strict=True):
                for level in (1, 0, 1):
                    ctx.set(pin if into else inside, level)
                    assert ctx.get(inside if into else pin) == level, channel

    sim = Simulator(dut)
    sim.add_testbench(play)
    sim.run()


@pytest.mark.parametrize("signature", [AXI, LITE])
@pytest.mark.parametrize("flow", [Out, In])
def test_pins_carry_every_field(signature, flow):
    check(Edge(signature, flow), signature, flow is Out)


def test_a_manager_asks_for_full_width_incrementing_bursts():
    dut = Edge(AXI, Out)

    async def play(ctx):
        for channel in ("aw", "ar"):
            values = {name: ctx.get(getattr(dut.pins, channel + name))
                      for name in ("size", "burst", "lock", "cache", "prot", "qos")}
            assert values == {"size": 3, "burst": 1, "lock": 0, "cache": 3, "prot": 0, "qos": 0}

    sim = Simulator(dut)
    sim.add_testbench(play)
    sim.run()


def test_a_component_can_pass_its_own_bus_to_its_pins():
    """The bus seen from inside its owner is a flipped one."""
    class Owner(wiring.Component):
        def __init__(self):
            super().__init__({"bus": In(LITE), "pins": Out(Pins(LITE))})

        def elaborate(self, platform):
            m = Module()
            connect_pins(m, flipped(self.bus), self.pins)
            return m

    dut = Owner()

    async def play(ctx):
        ctx.set(dut.bus.aw.valid, 1)
        ctx.set(dut.bus.aw.payload.addr, 0x123)
        ctx.set(dut.pins.rdata, 0xCAFE)
        assert ctx.get(dut.pins.awvalid) == 1
        assert ctx.get(dut.pins.awaddr) == 0x123
        assert ctx.get(dut.bus.r.payload.data) == 0xCAFE

    sim = Simulator(dut)
    sim.add_testbench(play)
    sim.run()
