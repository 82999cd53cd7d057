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

__all__ = ["Station", "station_members"]

#: ENDs in flight.
_ENDS = 4
#: Unit -> parts of a footprint that its commands are asked for once they are inside.
_PARTS = {"load": ("to_sums", "target", "memory", "parameters"),
          "execute": ("a", "b", "sums", "sums_base"), "store": ("sums", "memory", "parameters")}
#: Unit -> its pulses that release something; that a LOAD completes is all it tells.
_RELEASES = {"load": (), "execute": ("released", "streaming"), "store": ("released",)}
#: Younger unit, older unit -> what ends a conflict: early, late.
_ENDED_BY = {
    ("load", "execute"): ("released", "completed"), ("load", "store"): ("released", "completed"),
    ("execute", "load"): (None, "completed"), ("execute", "store"): ("released", None),
    ("store", "load"): (None, "completed"), ("store", "execute"): ("streaming", "completed"),
}  # fmt: skip


def _events(unit):
    """The events that commands of a unit wait for: pairs of unit and pulse."""
    return [(older, pulse) for (younger, older), pulses in _ENDED_BY.items() if younger == unit
            for pulse in pulses if pulse is not None]  # fmt: skip


def station_members(config):
    """Members of :class:`Station` but for its commands and jobs."""
    fault = FaultLayout(config.axi_address_width)
    return {
        "load_completed": In(1), "load_fault": In(fault),
        "execute_go": Out(1), "execute_released": In(1), "execute_streaming": In(1),
        "execute_completed": In(1),
        "store_released": In(1), "store_completed": In(1), "store_fault": In(fault),
        **{f"{unit}_waiting": Out(WaitingLayout(unit)) for unit in _PARTS},
        "retired": Out(32), "end": Out(1), "end_tag": Out(32),
        "pending": Out(1), "stop": Out(Stop), "drain": In(1), "drained": Out(1),
    }  # fmt: skip


class Station(wiring.Component):
    """Holds commands until nothing older is in their way, and keeps the books on those in flight.

    A command takes two cycles to enter: it is compared with all older commands of the other units,
    then takes a slot with the outcome, and is offered to its unit in the next cycle if nothing is
    in its way. Commands of one unit start in order. FENCE enters when nothing is in flight. A
    command that is an error stops the core when nothing is in flight.

    An EXECUTE is offered as soon as its weights are there, and starts with `execute_go`.

    When a unit reports a bus error, no command enters any more, and from the second cycle after it
    no younger one starts; once all older commands have retired and all running ones have ended, the
    core stops with the oldest error. An EXECUTE that was offered but not started has changed
    nothing, and is not waited for.

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
        An END retires, and its tag, which stays for another cycle.
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
        super().__init__({
            "i": In(stream.Signature(DecodedLayout(config))),
            **{unit: Out(stream.Signature(layout)) for unit, layout in self.jobs.items()},
            **station_members(config),
        })

    def elaborate(self, platform):
        m = Module()
        depth = 1 << ceil_log2(sum(self.slots.values()) + _ENDS)
        m.submodules.order = order = ProgramOrder(depth=depth, completions=len(self.jobs))
        m.submodules.tags = tags = ShallowQueue(32, depth=_ENDS)
        rings = {}
        for unit, slots in self.slots.items():
            rings[unit] = CommandRing(
                slots=slots, others=sum(self.slots.values()) - slots, job_layout=self.jobs[unit],
                footprint=Footprint(self.config), numbers=2 * depth, releases=len(_RELEASES[unit]),
                events=[pulse == "completed" for _, pulse in _events(unit)],
                ahead=unit == "execute")
            m.submodules[unit] = rings[unit]
            connect(m, rings[unit].job, flipped(getattr(self, unit)))
        waits = self._compare(m, rings)
        failed = Signal()
        self._enter(m, rings, order, tags, waits, failed)
        self._report(m, rings, self._complete(m, rings, order, failed))
        self._tell(m, rings)
        m.d.comb += [
            self.retired.eq(order.retired), self.end.eq(order.end),
            self.end_tag.eq(tags.o.payload),
            self.pending.eq(~order.empty), self.execute_go.eq(rings["execute"].go),
            self.drained.eq(~Cat(ring.running for ring in rings.values()).any()),
        ]  # fmt: skip
        # No other END retires in the cycle after one, so its tag may stay for a cycle.
        m.d.sync += tags.o.ready.eq(order.end)
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

    def _enter(self, m, rings, order, tags, waits, failed):
        """Second cycle: the command takes a slot of its unit, or does what needs none."""
        command = self.i.payload
        # What the command is, once it is compared; then it stays until it enters.
        kinds = {"load": Opcode.LOAD, "execute": Opcode.EXECUTE, "store": Opcode.STORE,
                 "fence": Opcode.FENCE, "end": Opcode.END}  # fmt: skip
        is_kind = {name: Signal(name=f"is_{name}") for name in (*kinds, "bad")}
        m.d.sync += is_kind["bad"].eq(self.i.valid & command.bad)
        for name, opcode in kinds.items():
            m.d.sync += is_kind[name].eq(
                self.i.valid & ~command.bad & (command.opcode == opcode))
        # Whether one of that kind may enter is found a cycle before: commands are further apart.
        # None may in the cycle after one that enters, of which the kind is still there.
        enter = {name: Signal(name=f"enter_{name}") for name in kinds}
        room = {"fence": order.empty, "end": tags.i.ready,
                **{unit: ring.ready for unit, ring in rings.items()}}  # fmt: skip
        may_enter = order.ready & ~self.stop.valid & ~failed & ~self.i.ready
        for name in kinds:
            may = Signal(name=f"may_{name}")
            m.d.sync += may.eq(may_enter & room[name])
            m.d.comb += enter[name].eq(may & is_kind[name])
        m.d.comb += [tags.i.valid.eq(enter["end"]), tags.i.payload.eq(command.tag)]
        for unit, ring in rings.items():
            early, late, weights = waits[unit]
            others = [(other, r) for other, r in rings.items() if other != unit]
            valid = Cat(r.slot_valid for _, r in others)
            shares = Cat(
                r.slot_shares[_RELEASES[other].index(_ENDED_BY[unit, other][0])]
                if _ENDED_BY[unit, other][0] else C(0, r.slots) for other, r in others)
            m.d.comb += [
                ring.enter.eq(enter[unit]),
                ring.enter_job.eq(getattr(command, unit)), ring.enter_number.eq(order.tail),
                ring.enter_wait.eq((late & valid) | (early & shares)), ring.enter_late.eq(late),
            ]  # fmt: skip
            m.d.comb += [ring.enter_footprint[part].eq(command.footprint[part])
                         for part in _PARTS[unit]]
            if ring.ahead:
                m.d.comb += ring.enter_weights.eq(weights & valid)
        m.d.comb += [
            order.enter.eq(self.i.ready), self.i.ready.eq(Cat(*enter.values()).any()),
            order.enter_complete.eq(is_kind["end"] | is_kind["fence"]),
            order.enter_end.eq(is_kind["end"]),
        ]  # fmt: skip
        with m.If(is_kind["bad"] & order.empty & ~self.stop.valid):
            self._stop(m, order, command.code, command.address)

    def _stop(self, m, order, code, address):
        m.d.sync += [
            self.stop.valid.eq(1), self.stop.code.eq(code), self.stop.address.eq(address),
            self.stop.index.eq(order.retired),
        ]

    def _complete(self, m, rings, order, failed):
        """What units report; bus errors. Returns the pulses that others may rely on, by name."""
        errors = {"load": (ErrorCode.READ_SLVERR, ErrorCode.READ_DECERR),
                  "store": (ErrorCode.WRITE_SLVERR, ErrorCode.WRITE_DECERR)}
        pulses, failures = {}, []
        for index, (unit, ring) in enumerate(rings.items()):
            pulse = getattr(self, f"{unit}_completed")
            fails = C(0, 1)
            if unit in errors:
                fault = getattr(self, f"{unit}_fault")
                fails = pulse & fault.resp.as_value()[1]     # SLVERR or DECERR
                failures.append(self._fail(m, order, unit, ring, fails, fault, errors[unit]))
            m.d.comb += [
                ring.unit_completed.eq(pulse),
                *(ring.unit_released[index].eq(getattr(self, f"{unit}_{name}"))
                  for index, name in enumerate(_RELEASES[unit])),
                order.done[index].eq(pulse & ~fails),
                order.done_number[index].eq(ring.completed_number),
                ring.hold.eq(self.drain | self.stop.valid),
            ]
            # A command that depends on a failed one must never start.
            pulses[unit, "completed"] = pulse & ~fails
            pulses |= {(unit, name): getattr(self, f"{unit}_{name}") for name in _RELEASES[unit]}
        m.d.comb += failed.eq(Cat(unit_failed for unit_failed, _ in failures).any())
        for ring in rings.values():
            for index, (unit_failed, number) in enumerate(failures):
                m.d.comb += [ring.failed[index].eq(unit_failed),
                             ring.failed_number[index].eq(number)]  # fmt: skip
        return pulses

    def _fail(self, m, order, unit, ring, fails, fault, errors):
        """The first failure of a unit, which is its oldest one; stops once it is the oldest of all.

        Returns whether the unit failed, and the number of the command.
        """
        unit_failed, number = Signal(name=f"{unit}_failed"), Signal.like(order.head)
        code, stops = Signal(ErrorCode, name=f"{unit}_error"), Signal(name=f"{unit}_stops")
        slave_error, decode_error = errors
        with m.If(fails & ~unit_failed):
            m.d.sync += [
                unit_failed.eq(1), number.eq(ring.completed_number),
                code.eq(Mux(fault.resp == Response.DECERR, decode_error.value, slave_error.value)),
            ]
        m.d.sync += stops.eq(
            unit_failed & ~order.empty & (order.head == number) & self.drained & ~self.stop.valid)
        with m.If(stops):
            # The unit keeps the address of its first error.
            self._stop(m, order, code, fault.address)
        return unit_failed, number

    def _report(self, m, rings, pulses):
        """Tells each ring what happens in the others."""
        for unit, ring in rings.items():
            for index, (older, pulse) in enumerate(_events(unit)):
                place = (rings[older].complete_slot if pulse == "completed" else
                         rings[older].release_slot[_RELEASES[older].index(pulse)])
                slots = Cat(place if other == older else C(0, r.slots)
                            for other, r in rings.items() if other != unit)
                m.d.comb += [ring.event[index].eq(pulses[older, pulse]),
                             ring.event_slot[index].eq(slots)]  # fmt: skip
