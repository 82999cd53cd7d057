"""Two AXI4 managers on one subordinate."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ppu.lib.axi import AxiSignature
from ppu.lib.queue import Slice

__all__ = ["AxiShare"]


class AxiShare(wiring.Component):
    """Puts two AXI4 managers on one subordinate.

    The subordinate sees one more ID bit, on top: the number of the manager. It must return it with
    its answers, and that is how they find their way back; so it may answer in any order. On AR and
    on AW the managers take turns, burst by burst, while both want to send. Write data goes out in
    the order of the addresses: a manager that sent AW and keeps its data back holds up the other
    one's writes, as AXI4 has it, but no reads. Two bursts at most wait for their data; any number
    may wait for its answers.

    Latency one cycle, throughput one payload per cycle and channel, without a gap when the manager
    changes. All channels go through registers; `ready` passes through on AR and AW, and there is no
    combinational path from a `ready` to a `valid`.

    Parameters
    ----------
    address_width, data_width, id_width : int
        Of the managers' buses.

    Members
    -------
    managers : In(AxiSignature).array(2)
        The managers; the first one goes first after a reset.
    axi : Out(AxiSignature)
        The subordinate, with an ID of ``id_width + 1`` bits.
    """

    def __init__(self, *, address_width, data_width, id_width=1):
        widths = {"address_width": address_width, "data_width": data_width}
        super().__init__({
            "managers": In(AxiSignature(**widths, id_width=id_width)).array(2),
            "axi": Out(AxiSignature(**widths, id_width=id_width + 1)),
        })

    def elaborate(self, platform):
        m = Module()
        # Whose data comes next, and whose after it.
        owner, owner_valid = Signal(), Signal()
        later, later_valid = Signal(), Signal()
        push, pick = self._addresses(m, "aw", ~later_valid)
        self._addresses(m, "ar", 1)
        pop = self._data(m, owner, owner_valid)
        with m.If(pop | ~owner_valid):
            m.d.sync += [
                owner.eq(Mux(later_valid, later, pick)),
                owner_valid.eq(later_valid | push),
                later_valid.eq(0),
            ]
        with m.Elif(push):
            m.d.sync += [later.eq(pick), later_valid.eq(1)]
        self._answers(m, "r")
        self._answers(m, "b")
        return m

    def _addresses(self, m, name, room):
        """The managers' AR or AW in turn; gives whether one is taken, and whose."""
        first, second = (getattr(manager, name) for manager in self.managers)
        out  = getattr(self.axi, name)
        turn = Signal(name=f"{name}_turn")
        pick = Signal(name=f"{name}_pick")
        able = Signal(name=f"{name}_able")
        load = Signal(name=f"{name}_load")
        m.d.comb += [
            pick.eq(Mux(turn, second.valid, ~first.valid)),
            able.eq((~out.valid | out.ready) & room),
            load.eq(able & (first.valid | second.valid)),
            first.ready.eq(able & ~pick),
            second.ready.eq(able & pick),
        ]
        with m.If(load):
            m.d.sync += turn.eq(~pick)
        with m.If(~out.valid | out.ready):
            m.d.sync += [
                out.valid.eq(load),
                out.p.id.eq(Cat(Mux(pick, second.p.id, first.p.id), pick)),
                out.p.addr.eq(Mux(pick, second.p.addr, first.p.addr)),
                out.p.len.eq(Mux(pick, second.p.len, first.p.len)),
            ]
        return load, pick

    def _data(self, m, pick, some):
        """The data of the manager `pick`, if there is `some`; gives whether its last beat goes."""
        first, second = (manager.w for manager in self.managers)
        m.submodules.w_register = register = Slice(first.payload.shape())
        wiring.connect(m, register.o, wiring.flipped(self.axi.w))
        able, load = some & register.i.ready, Signal()
        m.d.comb += [
            load.eq(able & Mux(pick, second.valid, first.valid)),
            first.ready.eq(able & ~pick),
            second.ready.eq(able & pick),
            register.i.valid.eq(load),
            register.i.payload.eq(Mux(pick, second.payload, first.payload)),
        ]
        return load & Mux(pick, second.p.last, first.p.last)

    def _answers(self, m, name):
        """R or B to the manager that its ID names."""
        answer = getattr(self.axi, name)
        m.submodules[f"{name}_register"] = register = Slice(answer.payload.shape())
        wiring.connect(m, wiring.flipped(answer), register.i)
        answer = register.o
        owner  = answer.p.id[-1]
        ports  = [getattr(manager, name) for manager in self.managers]
        m.d.comb += answer.ready.eq(Mux(owner, ports[1].ready, ports[0].ready))
        for number, port in enumerate(ports):
            m.d.comb += port.valid.eq(answer.valid & (owner == number))
            for field, _ in port.payload.shape():
                target, source = (
                    Value.cast(payload[field]) for payload in (port.payload, answer.payload))
                m.d.comb += target.eq(source[: len(target)])  # of the ID, all but the top bit
