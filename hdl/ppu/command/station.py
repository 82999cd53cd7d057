"""The reservation station: lets commands overlap wherever nobody can see it."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped
from amaranth.utils import ceil_log2

from ..isa import ErrorCode, Opcode, Stop
from ..lib.axi import Response
from ..lib.queue import ShallowQueue
from ..lib.states import WaitingLayout
from .decode import DecodedLayout
from .footprint import Conflict, Footprint, conflicts
from .jobs import ExecuteJob, FaultLayout, LoadJob, StoreJob
from .order import ProgramOrder
from .ring import CommandRing

__all__ = ["Station"]

#: ENDs in flight.
_ENDS = 4
#: Unit -> parts of a footprint that its commands are asked for once they are inside.
_PARTS = {"load": ("a", "sums", "memory"), "execute": ("a", "b", "sums", "sums_base"),
          "store": ("sums", "memory")}
#: Unit -> its pulses that release something.
_RELEASES = {"load": ("completed",), "execute": ("released", "streaming"), "store": ("released",)}


def _release(younger_unit, older_unit):
    """Which release of the older unit ends an early conflict: its index in `_RELEASES`."""
    return int((younger_unit, older_unit) == ("store", "execute"))


class Station(wiring.Component):
    """Holds commands until nothing older is in their way, and keeps the books on those in flight.

    A command takes two cycles to enter: it is compared with all older commands of the other units,
    then takes a slot with the outcome, and is offered to its unit in the next cycle if nothing is
    in its way. Commands of one unit start in order. FENCE enters when nothing is in flight. A
    command that is an error stops the core when nothing is in flight.

    An EXECUTE is offered as soon as its weights are there, and starts with `execute_go`.

    When a unit reports a bus error, no younger command starts any more; once all older commands
    have retired and all running ones have ended, the core stops with the oldest error. An EXECUTE
    that was offered but not started has changed nothing, and is not waited for.

    Parameters
    ----------
    config : Config
        Configuration of the core.

    Members
    -------
    i : In(stream)
        Decoded commands.
    load, execute, store : Out(stream)
        Jobs.
    execute_go : Out(1)
        A pulse for each EXECUTE, in order, after the unit has taken it: it starts.
    load_completed, execute_released, execute_completed, store_released, store_completed : In(1)
        Pulses from the units, one per job and in its order.
    execute_streaming : In(1)
        Such a pulse too: the last tile's first row can be read from the accumulator three cycles
        later, and one row more in each cycle after.
    load_fault, store_fault : In
        Outcome on the bus, valid with `completed`.
    load_waiting, execute_waiting, store_waiting : Out(WaitingLayout(unit))
        Of each unit, the oldest command that may not begin yet.
    retired : Out(32)
        Commands retired since reset.
    end, end_tag : Out
        An END retires, and its tag.
    pending : Out(1)
        Commands are in flight.
    stop : Out
        Error stop.
    drain : In(1)
        Start nothing more. `drained` : Out(1): nothing is running.
    """

    def __init__(self, config):
        self.config = config
        self.jobs = {"load": LoadJob(config), "execute": ExecuteJob(config),
                     "store": StoreJob(config)}  # fmt: skip
        self.slots = {"load": config.load_slots, "execute": config.execute_slots,
                      "store": config.store_slots}  # fmt: skip
        fault = FaultLayout(config.axi_address_width)
        super().__init__({
            "i": In(stream.Signature(DecodedLayout(config))),
            **{unit: Out(stream.Signature(layout)) for unit, layout in self.jobs.items()},
            "load_completed": In(1), "load_fault": In(fault),
            "execute_go": Out(1), "execute_released": In(1), "execute_streaming": In(1),
            "execute_completed": In(1),
            "store_released": In(1), "store_completed": In(1), "store_fault": In(fault),
            **{f"{unit}_waiting": Out(WaitingLayout(unit)) for unit in self.jobs},
            "retired": Out(32), "end": Out(1), "end_tag": Out(32),
            "pending": Out(1), "stop": Out(Stop), "drain": In(1), "drained": Out(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        depth = 1 << ceil_log2(sum(self.slots.values()) + _ENDS)
        m.submodules.order = order = ProgramOrder(depth=depth, completions=len(self.jobs))
        m.submodules.tags = tags = ShallowQueue(32, depth=_ENDS)
        rings = {}
        for unit, slots in self.slots.items():
            rings[unit] = CommandRing(
                slots=slots, others=sum(self.slots.values()) - slots, job_layout=self.jobs[unit],
                footprint=Footprint(self.config), numbers=depth, releases=len(_RELEASES[unit]),
                ahead=unit == "execute")
            m.submodules[unit] = rings[unit]
            connect(m, rings[unit].job, flipped(getattr(self, unit)))
        waits = self._compare(m, rings)
        self._enter(m, rings, order, tags, waits)
        self._complete(m, rings, order)
        self._tell(m, rings)
        m.d.comb += [
            self.retired.eq(order.retired), self.end.eq(order.end),
            self.end_tag.eq(tags.o.payload), tags.o.ready.eq(order.end),
            self.pending.eq(~order.empty), self.execute_go.eq(rings["execute"].go),
            self.drained.eq(~Cat(ring.running for ring in rings.values()).any()),
        ]  # fmt: skip
        return m

    def _tell(self, m, rings):
        """What each unit waits for."""
        for unit, ring in rings.items():
            waiting, bits = getattr(self, f"{unit}_waiting"), iter(ring.waits)
            m.d.comb += waiting.command.eq(ring.asks)
            for other, slots in self.slots.items():
                if other != unit:
                    m.d.comb += waiting[other].eq(Cat(next(bits) for _ in range(slots)).any())

    def _compare(self, m, rings):
        """First cycle: what the command must wait for. Unit -> Conflict, registered."""
        younger, waits = self.i.payload.footprint, {}
        for unit in rings:
            found = [conflicts(unit, younger, other, footprint)
                     for other, ring in rings.items() if other != unit
                     for footprint in ring.footprint]
            waits[unit] = Conflict(*(
                Signal(len(found), name=f"{unit}_{kind}") for kind in Conflict._fields))
            for now, bits in zip(waits[unit], zip(*found, strict=True), strict=True):
                m.d.sync += now.eq(Cat(Value.cast(bit) for bit in bits))
        return waits

    def _enter(self, m, rings, order, tags, waits):
        """Second cycle: the command takes a slot of its unit, or does what needs none."""
        command, compared = self.i.payload, Signal()
        opcode = {"load": Opcode.LOAD, "execute": Opcode.EXECUTE, "store": Opcode.STORE}
        bad = command.code != ErrorCode.NONE
        good = self.i.valid & compared & ~bad & order.ready & ~self.stop.valid
        enter_end, enter_fence = Signal(), Signal()
        m.d.sync += compared.eq(self.i.valid & ~self.i.ready)
        m.d.comb += [
            enter_end.eq(good & (command.opcode == Opcode.END) & tags.i.ready),
            enter_fence.eq(good & (command.opcode == Opcode.FENCE) & order.empty),
            tags.i.valid.eq(enter_end), tags.i.payload.eq(command.tag),
        ]  # fmt: skip
        entered = enter_end | enter_fence
        for unit, ring in rings.items():
            others = [(other, r) for other, r in rings.items() if other != unit]
            early, late, weights = waits[unit]
            valid = Cat(r.slot_valid for _, r in others)
            shares = Cat(r.slot_shares[_release(unit, other)] for other, r in others)
            m.d.comb += [
                ring.enter.eq(good & (command.opcode == opcode[unit]) & ring.ready),
                ring.enter_job.eq(getattr(command, unit)), ring.enter_number.eq(order.tail),
                ring.enter_wait.eq((late & valid) | (early & shares)), ring.enter_late.eq(late),
            ]  # fmt: skip
            m.d.comb += [ring.enter_footprint[part].eq(command.footprint[part])
                         for part in _PARTS[unit]]
            if ring.ahead:
                m.d.comb += ring.enter_weights.eq(weights & valid)
            entered |= ring.enter
        m.d.comb += [
            order.enter.eq(entered), self.i.ready.eq(entered),
            order.enter_complete.eq(enter_end | enter_fence), order.enter_end.eq(enter_end),
        ]  # fmt: skip
        with m.If(self.i.valid & bad & order.empty & ~self.stop.valid):
            self._stop(m, order, command.code, command.address)

    def _stop(self, m, order, code, address):
        m.d.sync += [
            self.stop.valid.eq(1), self.stop.code.eq(code), self.stop.address.eq(address),
            self.stop.index.eq(order.retired),
        ]

    def _complete(self, m, rings, order):
        """What units report; bus errors."""
        failed, fail_number = Signal(), Signal.like(order.head)
        fail_code, fail_address = Signal(ErrorCode), Signal(64)
        released, completed = {}, {}
        now_failed, now_number = failed, fail_number

        def older(number, other):
            """Whether a command in flight is older than another: numbers count on from the head."""
            return ((number - order.head)[:len(order.head)]
                    < (other - order.head)[:len(order.head)])

        errors = {"load": (ErrorCode.READ_SLVERR, ErrorCode.READ_DECERR),
                  "store": (ErrorCode.WRITE_SLVERR, ErrorCode.WRITE_DECERR)}
        for index, (unit, ring) in enumerate(rings.items()):
            pulse = getattr(self, f"{unit}_completed")
            fault = getattr(self, f"{unit}_fault", None)
            fails = pulse & (fault.resp != Response.OKAY) if fault is not None else C(0, 1)
            m.d.comb += [
                ring.unit_completed.eq(pulse),
                *(ring.unit_released[index].eq(getattr(self, f"{unit}_{name}"))
                  for index, name in enumerate(_RELEASES[unit])),
                order.done[index].eq(pulse & ~fails),
                order.done_number[index].eq(ring.completed_number),
                ring.may_start.eq(~self.drain & ~self.stop.valid & (
                    ~failed | older(ring.next_number, fail_number))),
            ]
            # A command that depends on a failed one must never start.
            released[unit] = [slots & ~fails.replicate(ring.slots) for slots in ring.released]
            completed[unit] = ring.completed & ~fails.replicate(ring.slots)
            if fault is not None:
                number = ring.completed_number
                oldest = fails & (~now_failed | older(number, now_number))
                slave_error, decode_error = errors[unit]
                with m.If(oldest):
                    m.d.sync += [
                        failed.eq(1), fail_number.eq(number), fail_address.eq(fault.address),
                        fail_code.eq(Mux(fault.resp == Response.DECERR,
                                         decode_error.value, slave_error.value)),
                    ]
                now_number = Mux(oldest, number, now_number)
                now_failed = now_failed | fails
        for unit, ring in rings.items():
            m.d.comb += [
                ring.other_released.eq(Cat(v[_release(unit, other)]
                                           for other, v in released.items() if other != unit)),
                ring.other_completed.eq(Cat(v for other, v in completed.items() if other != unit)),
            ]
        with m.If(failed & ~order.empty & (order.head == fail_number) & self.drained
                  & ~self.stop.valid):
            self._stop(m, order, fail_code, fail_address)
