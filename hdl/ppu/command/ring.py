"""The commands of one unit between decoder and completion."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..lib.queue import ShallowQueue
from .order import is_older

__all__ = ["CommandRing"]


def _next(place):
    """The place after `place`, one bit for each slot, of which one is set."""
    return place.rotate_left(1)


def _at(values, place):
    """The value of the slot at `place`."""
    selected = [Value.cast(value) & bit.replicate(len(value))
                for value, bit in zip(values, place, strict=True)]
    result = selected[0]
    for value in selected[1:]:
        result = result | value
    return result


def _is_free(blocked, place):
    """Whether nothing blocks the slot at `place`."""
    return Cat(one & (bits == 0) for one, bits in zip(place, blocked, strict=True)).any()


class CommandRing(wiring.Component):
    """Slots of one unit: commands enter, start, and complete in order.

    Each slot keeps the footprint of its command and one bit for every slot of the other units: that
    it waits for the command there. Such a bit goes out when that command completes, or already when
    it releases what is shared, if that is enough (`late` is 0). Waiting only points to older
    commands, so the oldest one never waits. The oldest command not started is offered to the unit
    in the cycle after the last of its bits goes out; two cycles after, if the last ones go out
    together by different events; one that enters without any, and to which nothing is ahead, in the
    cycle after it enters.

    With `ahead`, a command is offered as soon as the bits of `enter_weights` are out. The unit may
    then read its weights, but nothing else. The command starts with a pulse on `go`, after the unit
    has taken it and in the cycle after the last bit goes out.

    All places are kept as one bit for each slot, of which one is set: that is quick to look up.

    Parameters
    ----------
    slots : int
        Slots; a power of two.
    others : int
        Slots of the other units, in all.
    job_layout, footprint : Layout
        Of a job and its footprint.
    numbers : int
        How far commands are numbered in program order, before they begin again.
    events : tuple of bool
        The events in the other units that end waiting: whether each one is a completion, or a
        release.
    releases : int
        Points at which a command of the unit releases something.
    ahead : bool
        The unit takes commands before they may start.

    Members
    -------
    ready : Out(1)
        There is a free slot.
    enter, enter_job, enter_footprint, enter_number : In
        A command enters.
    enter_wait, enter_late : In(others)
        What it waits for, and until when.
    enter_weights : In(others)
        With `ahead`: what its weights wait for; part of `enter_wait`.
    slot_valid : Out(slots)
        The slot holds a command that is not complete.
    slot_shares : Out(slots), array
        The slot holds a command that has not come to that release.
    footprint : Out, array
        Footprint of each slot.
    event, event_slot : In(1), In(others), arrays
        The event happens in this cycle; the slot of the command to which it happens next.
    hold : In(1)
        No command may start.
    failed, failed_number : In(1), In(range(numbers)), arrays of two
        A command failed: none that is younger may start, from the next cycle on.
    job : Out(stream)
        To the unit.
    go : Out(1)
        With `ahead`: the oldest command not started starts.
    unit_released : In(1), array
        From the unit, for its oldest command that has not come to that release.
    unit_completed : In(1)
        From the unit, for its oldest command.
    release_slot, complete_slot : Out(slots), array of it and one
        The slot of that command.
    completed_number : Out
        Number of the command that completes.
    asks : Out(1), waits : Out(others)
        There is a command not started, or without `ahead` not taken by the unit; and what the
        oldest one still waits for.
    running : Out(1)
        A command has started and is not complete, or is offered without `ahead`.
    """

    def __init__(self, *, slots, others, job_layout, footprint, numbers, events, releases=1,
                 ahead=False):  # fmt: skip
        self.slots, self.events, self.ahead = slots, tuple(events), ahead
        super().__init__({
            "ready": Out(1), "enter": In(1), "enter_job": In(job_layout),
            "enter_footprint": In(footprint), "enter_number": In(range(numbers)),
            "enter_wait": In(others), "enter_late": In(others),
            **({"enter_weights": In(others), "go": Out(1)} if ahead else {}),
            "slot_valid": Out(slots), "slot_shares": Out(slots).array(releases),
            "footprint": Out(footprint).array(slots),
            "event": In(1).array(len(self.events)), "event_slot": In(others).array(
                len(self.events)),
            "hold": In(1), "failed": In(1).array(2),
            "failed_number": In(range(numbers)).array(2),
            "job": Out(stream.Signature(job_layout)),
            "unit_released": In(1).array(releases), "unit_completed": In(1),
            "release_slot": Out(slots, init=1).array(releases),
            "complete_slot": Out(slots, init=1),
            "completed_number": Out(range(numbers)), "running": Out(1),
            "asks": Out(1), "waits": Out(others),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        tail = Signal(self.slots, init=1)
        numbers = [Signal.like(self.enter_number, name=f"number_{i}") for i in range(self.slots)]
        waits = [Signal.like(self.enter_wait, name=f"wait_{i}") for i in range(self.slots)]
        lates = [Signal.like(self.enter_late, name=f"late_{i}") for i in range(self.slots)]
        blocked = [Signal.like(self.enter_wait, name=f"blocked_{i}") for i in range(self.slots)]
        stuck = Signal(self.slots)      # younger than one that failed
        following = Signal(self.slots)
        with m.If(self.enter):
            m.d.sync += tail.eq(_next(tail))
        for slot in range(self.slots):
            m.d.comb += blocked[slot].eq(waits[slot] & ~self._gone(lates[slot]))
            m.d.sync += [
                waits[slot].eq(blocked[slot]),
                stuck[slot].eq(Cat(
                    failed & is_older(number, numbers[slot])
                    for failed, number in zip(self.failed, self.failed_number, strict=True)
                ).any()),
            ]
            with m.If(self.enter & tail[slot]):
                m.d.sync += [
                    self.footprint[slot].eq(self.enter_footprint),
                    numbers[slot].eq(self.enter_number),
                    waits[slot].eq(self.enter_wait & ~self._gone(self.enter_late)),
                    lates[slot].eq(self.enter_late),
                    self.slot_valid[slot].eq(1), stuck[slot].eq(0),
                ]  # fmt: skip
            with m.If(self.unit_completed & self.complete_slot[slot]):
                m.d.sync += self.slot_valid[slot].eq(0)
        m.d.comb += [
            self.ready.eq((~self.slot_valid & tail).any()),
            # Of the slot that completes next. A command is there long before it completes.
            following.eq(Mux(
                self.unit_completed, _next(self.complete_slot), self.complete_slot)),
        ]
        m.d.sync += [
            self.complete_slot.eq(following), self.completed_number.eq(_at(numbers, following)),
        ]  # fmt: skip
        for shares, pulse, place in zip(
                self.slot_shares, self.unit_released, self.release_slot, strict=True):
            m.d.sync += shares.eq(shares & ~(place & pulse.replicate(self.slots))
                                  | (tail & self.enter.replicate(self.slots)))
            with m.If(pulse):
                m.d.sync += place.eq(_next(place))
        oldest = self._offer(m, tail, blocked, stuck)
        m.d.comb += self.waits.eq(_at(waits, oldest) & self.asks.replicate(len(self.waits)))
        return m

    def _offer(self, m, tail, blocked, stuck):
        """Hands commands to the unit, in order. Returns the place of the oldest not started.

        `blocked` is what each one still waits for once the events of this cycle have happened.
        """
        m.submodules.jobs = jobs = ShallowQueue(self.job.payload.shape(), depth=self.slots)
        issue, pending, offered = Signal(self.slots, init=1), Signal(self.slots), Signal()
        asks = (pending & issue).any()
        if self.ahead:
            weights = [Signal.like(self.enter_weights, name=f"weights_{i}")
                       for i in range(self.slots)]
            for slot in range(self.slots):
                with m.If(self.enter & tail[slot]):
                    m.d.sync += weights[slot].eq(self.enter_weights)
            blocks = [bits & mask for bits, mask in zip(blocked, weights, strict=True)]
            may_offer = _is_free(blocks, issue)
            may_offer_new = self.enter_weights == 0
            oldest = self._go(m, tail, blocked, stuck, pending)
        else:
            may_start = ~self.hold & ~(stuck & issue).any()
            may_offer = may_start & _is_free(blocked, issue)
            may_offer_new = ~self.hold & (self.enter_wait == 0)
            oldest = issue
            m.d.comb += [
                self.asks.eq(asks), self.running.eq((self.slot_valid & ~pending).any() | offered),
            ]
        with m.If(~offered):
            # Where none waits, the one that enters is next. Its bits count as they are: those that
            # go out in this cycle are seen in the next one, which keeps them out of a long path.
            m.d.sync += offered.eq(Mux(asks, may_offer, self.enter & may_offer_new))
        m.d.comb += [
            jobs.i.valid.eq(self.enter), jobs.i.payload.eq(self.enter_job),
            self.job.payload.eq(jobs.o.payload), self.job.valid.eq(offered),
            jobs.o.ready.eq(offered & self.job.ready),
        ]
        leaves = self.job.valid & self.job.ready
        m.d.sync += pending.eq(pending & ~(issue & leaves.replicate(self.slots))
                               | (tail & self.enter.replicate(self.slots)))
        with m.If(leaves):
            m.d.sync += [offered.eq(0), issue.eq(_next(issue))]
        return oldest

    def _go(self, m, tail, blocked, stuck, pending):
        """Starts commands that the unit has taken, in order. Returns the place of the next one."""
        start, parked, starts = Signal(self.slots, init=1), Signal(self.slots), Signal()
        may_start = (parked & ~pending & ~stuck & start).any() & ~self.hold
        m.d.comb += [
            starts.eq(may_start & _is_free(blocked, start)),
            self.asks.eq((parked & start).any()),
            self.running.eq((self.slot_valid & ~parked).any()),
        ]
        m.d.sync += [
            self.go.eq(starts),
            parked.eq(parked & ~(start & starts.replicate(self.slots))
                      | (tail & self.enter.replicate(self.slots))),
        ]
        with m.If(starts):
            m.d.sync += start.eq(_next(start))
        return start

    def _gone(self, late):
        """Slots of the other units that need not be waited for any longer, from this cycle on."""
        gone = 0
        for pulse, slots, completes in zip(self.event, self.event_slot, self.events, strict=True):
            ended = slots if completes else slots & ~late
            gone |= ended & pulse.replicate(len(slots))
        return gone
