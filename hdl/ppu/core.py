"""The tensor core: nothing but connections, in the order in which data flows."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from .command.jobs import ExecuteJob, JobWordLayout, LoadJob, StoreJob
from .command.stage import CommandStage
from .dma.read_arbiter import ReadArbiter
from .dma.single_arbiter import SingleArbiter
from .dma.single_bursts import SingleBursts
from .execute.unit import ExecuteUnit
from .host.host import Host, Status
from .lib.axi import AxiSignature, LiteSignature
from .lib.probe import ProbeLayout
from .load.single import SingleLoadUnit
from .load.unit import LoadUnit
from .memory.accumulator import Accumulator
from .memory.scratchpad import Scratchpad
from .store.single import SingleStoreUnit
from .store.unit import StoreUnit

__all__ = ["Core"]


class Core(wiring.Component):
    """The whole core.

    ::

        s_axil --> host --> command --+--> load ----> scratchpad --> execute --> accumulator --+
                    |                 |     |  `------------------------------------^          |
        irq <-------'                 +--> execute                                             |
                                      +--> store <---------------------------------------------'
        m_axi <--> host (fetch), load (reads), store (writes)

    There is no combinational path from an input to an output.

    Parameters
    ----------
    config : Config
        Configuration.
    probe : bool
        Whether the core has the member `probe`, for simulation.

    Members
    -------
    m_axi : Out(AxiSignature)
        Memory. Commands are read with ARID 0, operands with ARID 1.
    s_axil : In(LiteSignature)
        Registers.
    irq : Out(1)
        Interrupt, high while a cause and its enable are set.
    status : Out(Status)
        What the register STATUS has, for lamps.
    probe : Out(ProbeLayout(...))
        What happens inside, if asked for.
    """

    def __init__(self, config, *, probe=False):
        self.config, self._has_probe = config, probe
        super().__init__({
            "m_axi": Out(AxiSignature(
                address_width=config.axi_address_width, data_width=config.axi_data_width)),
            "s_axil": In(LiteSignature(address_width=12)),
            "irq": Out(1), "status": Out(Status),
            **({"probe": Out(ProbeLayout(buffer_beats=config.read_buffer_beats))} if probe else {}),
        })

    def elaborate(self, platform):
        m = Module()
        config = self.config
        m.submodules.host = host = Host(config)
        reset = ResetInserter(host.soft_reset)
        command = CommandStage(config)
        layouts = ([JobWordLayout(config)] * 3 if config.in_order else
                   [LoadJob(config), ExecuteJob(config), StoreJob(config)])
        load = (SingleLoadUnit if config.in_order else LoadUnit)(config, job_layout=layouts[0])
        execute = ExecuteUnit(config, job_layout=layouts[1])
        store = (SingleStoreUnit if config.in_order else StoreUnit)(config, job_layout=layouts[2])
        bus = {"address_width": config.axi_address_width, "data_width": config.axi_data_width}
        arbiter = SingleArbiter(**bus) if config.in_order else ReadArbiter(clients=2, **bus)
        scratchpad = Scratchpad(rows=config.scratchpad_rows, banks=config.scratchpad_banks,
                                row_bytes=config.row_bytes)
        accumulator = Accumulator(rows=config.accumulator_rows, columns=config.columns,
                                  sum_shape=execute.sum_shape, banks=config.accumulator_banks)
        m.submodules.arbiter = arbiter
        m.submodules.command, m.submodules.load = reset(command), reset(load)
        m.submodules.scratchpad, m.submodules.execute = scratchpad, reset(execute)
        m.submodules.accumulator, m.submodules.store = accumulator, reset(store)

        self._connect_host(m, host, command)
        self._connect_bus(m, arbiter, host, load, store)
        if config.in_order:
            m.submodules.bursts = bursts = reset(SingleBursts(
                config, word_layout=layouts[0]))
            m.d.comb += [
                bursts.word.valid.eq(load.job.valid | store.job.valid),
                bursts.word.payload.eq(load.job.payload), bursts.is_store.eq(store.job.valid),
            ]
            for index, unit in enumerate((load, store)):
                connect(m, bursts.bursts[index], unit.bursts)
                m.d.comb += [bursts.answers[index].eq(unit.answer), unit.failed.eq(bursts.failed)]
            connect(m, host.words, command.words)
            m.d.comb += command.half.eq(host.half)
        for name in ("load", "execute", "store"):
            connect(m, getattr(command, name), {"load": load, "execute": execute,
                                                "store": store}[name].job)  # fmt: skip
        m.d.comb += [
            command.load_completed.eq(load.completed), command.load_fault.eq(load.fault),
            execute.go.eq(command.execute_go), command.execute_released.eq(execute.released),
            command.execute_streaming.eq(execute.streaming),
            command.execute_completed.eq(execute.completed),
            command.store_released.eq(store.released),
            command.store_completed.eq(store.completed), command.store_fault.eq(store.fault),

            scratchpad.w_en.eq(load.sp_en), scratchpad.w_row.eq(load.sp_row),
            scratchpad.w_data.eq(load.sp_data),
            scratchpad.a_en.eq(execute.a_en), scratchpad.a_row.eq(execute.a_row),
            scratchpad.b_en.eq(execute.b_en), scratchpad.b_row.eq(execute.b_row),
            execute.a_data.eq(scratchpad.a_data), execute.b_data.eq(scratchpad.b_data),

            accumulator.u_en.eq(execute.u_en), accumulator.u_row.eq(execute.u_row),
            accumulator.u_overwrite.eq(execute.u_overwrite),
            accumulator.u_sums.eq(execute.u_sums), store.acc_data.eq(accumulator.r_data),
        ]  # fmt: skip
        connect(m, load.acc_write, accumulator.load)
        connect(m, store.acc_read, accumulator.read)
        if config.epilogue_lanes:
            connect(m, load.parameters, store.parameters)
        self._connect_states(m, host, command, arbiter, load, execute, store)
        if self._has_probe:
            self._connect_probe(m, host, command, load, execute, store)
        return m

    def _connect_host(self, m, host, command):
        connect(m, flipped(self.s_axil), host.s_axil)
        connect(m, host.commands, command.commands)
        m.d.comb += [
            self.irq.eq(host.irq), self.status.eq(host.status),
            host.completed.eq(command.retired), host.end.eq(command.end),
            host.end_tag.eq(command.end_tag), host.stop.eq(command.stop),
            host.pending.eq(command.pending),
            command.drain.eq(host.drain), host.drained.eq(command.drained),
        ]  # fmt: skip

    def _connect_bus(self, m, arbiter, host, load, store):
        # Client n of the arbiter has ARID n; the first goes first, and commands are few.
        connect(m, host.axi, arbiter.clients[0])
        connect(m, load.axi, arbiter.clients[1])
        connect(m, arbiter.axi.ar, flipped(self.m_axi.ar))
        connect(m, flipped(self.m_axi.r), arbiter.axi.r)
        connect(m, store.axi.aw, flipped(self.m_axi.aw))
        connect(m, store.axi.w, flipped(self.m_axi.w))
        connect(m, flipped(self.m_axi.b), store.axi.b)

    def _connect_states(self, m, host, command, arbiter, load, execute, store):
        axi = self.m_axi
        m.d.comb += [
            load.waiting.eq(command.load_waiting), execute.waiting.eq(command.execute_waiting),
            store.waiting.eq(command.store_waiting), load.bus_taken.eq(arbiter.taken[1]),
            host.events.load.eq(load.state), host.events.execute.eq(execute.state),
            host.events.store.eq(store.state),
            host.events.read_beats.eq(axi.r.valid & axi.r.ready),
            host.events.write_beats.eq(axi.w.valid & axi.w.ready),
        ]  # fmt: skip

    def _connect_probe(self, m, host, command, load, execute, store):
        probe = self.probe
        for name, unit in (("load", load), ("execute", execute), ("store", store)):
            m.d.comb += [
                probe.states[name].eq(unit.state),
                probe.taken[name].eq(unit.job.valid & unit.job.ready),
                probe.completed[name].eq(unit.completed),
            ]
        m.d.comb += [
            probe.decoded.eq(host.commands.valid & host.commands.ready),
            probe.go.eq(command.execute_go), probe.retired.eq(command.retired[0]),
            probe.buffered.eq(load.buffered),
        ]
