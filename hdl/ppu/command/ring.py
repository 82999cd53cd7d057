"""The commands of one unit between decoder and completion."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..lib.queue import ShallowQueue

__all__ = ["CommandRing"]


class CommandRing(wiring.Component):
    """Slots of one unit: commands enter, start, and complete in order.

    Each slot keeps the footprint of its command and one bit for every slot of the other units: that
    it waits for the command there. Such a bit goes out when that command completes, or already when
    it releases what is shared, if that is enough (`late` is 0). Waiting only points to older
    commands, so the oldest one never waits. The oldest command not started is offered to the unit
    in the cycle after the last of its bits goes out; one that enters without any, and to which
    nothing is ahead, in the cycle after it enters.

    With `ahead`, a command is offered as soon as the bits of `enter_weights` are out. The unit may
    then read its weights, but nothing else. The command starts with a pulse on `go`, after the unit
    has taken it and in the cycle after the last bit goes out.

    Parameters
    ----------
    slots : int
        Slots; a power of two.
    others : int
        Slots of the other units, in all.
    job_layout, footprint : Layout
        Of a job and its footprint.
    numbers : int
        Numbers of commands in program order.
    releases : int
        Points at which a command of the unit releases something.
    ahead : bool
        The unit takes commands before they may start.

    Members
    -------
    ready : Out(1)
        There is a free slot.
    enter, enter_job, enter_footprint, enter_number : In
        A command enters, and takes slot `tail`.
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
    other_released, other_completed : In(others)
        The command in that slot releases what is shared, or completes, in this cycle.
    may_start : In(1)
        The command with number `next_number` may start.
    next_number : Out
        Number of the oldest command not started, or of the one that enters if there is none.
    job : Out(stream)
        To the unit.
    go : Out(1)
        With `ahead`: the oldest command not started starts.
    unit_released : In(1), array
        From the unit, for its oldest command that has not come to that release.
    unit_completed : In(1)
        From the unit, for its oldest command.
    released : Out(slots), array
        `unit_released` by slot.
    completed : Out(slots)
        `unit_completed` by slot.
    completed_number : Out
        Number of the command that completes.
    asks : Out(1), waits : Out(others)
        There is a command not started, or without `ahead` not taken by the unit; and what the
        oldest one still waits for.
    running : Out(1)
        A command has started and is not complete, or is offered without `ahead`.
    """

    def __init__(self, *, slots, others, job_layout, footprint, numbers, releases=1, ahead=False):
        self.slots, self.ahead = slots, ahead
        super().__init__({
            "ready": Out(1), "enter": In(1), "enter_job": In(job_layout),
            "enter_footprint": In(footprint), "enter_number": In(range(numbers)),
            "enter_wait": In(others), "enter_late": In(others),
            **({"enter_weights": In(others), "go": Out(1)} if ahead else {}),
            "slot_valid": Out(slots), "slot_shares": Out(slots).array(releases),
            "footprint": Out(footprint).array(slots),
            "other_released": In(others), "other_completed": In(others),
            "may_start": In(1), "next_number": Out(range(numbers)),
            "job": Out(stream.Signature(job_layout)),
            "unit_released": In(1).array(releases), "unit_completed": In(1),
            "released": Out(slots).array(releases), "completed": Out(slots),
            "completed_number": Out(range(numbers)), "running": Out(1),
            "asks": Out(1), "waits": Out(others),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        tail, head = Signal(range(self.slots)), Signal(range(self.slots))
        numbers = Array(Signal.like(self.enter_number, name=f"number_{i}")
                        for i in range(self.slots))
        waits = [Signal.like(self.enter_wait, name=f"wait_{i}") for i in range(self.slots)]
        lates = [Signal.like(self.enter_late, name=f"late_{i}") for i in range(self.slots)]
        # The bits that stay: looked at at once, so that the last one to go out costs no cycle.
        stay = [Signal.like(self.enter_wait, name=f"stay_{i}") for i in range(self.slots)]
        with m.If(self.enter):
            m.d.sync += [numbers[tail].eq(self.enter_number), tail.eq(tail + 1)]
        for slot in range(self.slots):
            m.d.comb += stay[slot].eq(waits[slot] & ~self._gone(lates[slot]))
            m.d.sync += waits[slot].eq(stay[slot])
            with m.If(self.enter & (tail == slot)):
                m.d.sync += [
                    self.footprint[slot].eq(self.enter_footprint),
                    waits[slot].eq(self.enter_wait & ~self._gone(self.enter_late)),
                    lates[slot].eq(self.enter_late),
                    self.slot_valid[slot].eq(1),
                ]  # fmt: skip
        m.d.comb += [
            self.ready.eq(~self.slot_valid.bit_select(tail, 1)),
            self.completed.eq(Mux(self.unit_completed, 1 << head, 0)),
            self.completed_number.eq(numbers[head]),
        ]
        with m.If(self.unit_completed):
            m.d.sync += [head.eq(head + 1), self.slot_valid.bit_select(head, 1).eq(0)]
        self._release(m, tail)
        oldest = self._offer(m, tail, numbers, stay)
        m.d.comb += self.waits.eq(Array(waits)[oldest] & self.asks.replicate(len(self.waits)))
        return m

    def _release(self, m, tail):
        for shares, pulse, released in zip(
                self.slot_shares, self.unit_released, self.released, strict=True):
            release = Signal(range(self.slots))
            m.d.comb += released.eq(Mux(pulse, 1 << release, 0))
            with m.If(pulse):
                m.d.sync += [release.eq(release + 1), shares.bit_select(release, 1).eq(0)]
            with m.If(self.enter):
                m.d.sync += shares.bit_select(tail, 1).eq(1)

    def _offer(self, m, tail, numbers, stay):
        """Hands commands to the unit, in order. Returns the slot of the oldest not started."""
        m.submodules.jobs = jobs = ShallowQueue(self.job.payload.shape(), depth=self.slots)
        issue, pending, offered = Signal(range(self.slots)), Signal(self.slots), Signal()
        waits = pending.bit_select(issue, 1)
        if self.ahead:
            weights = [Signal.like(self.enter_weights, name=f"weights_{i}")
                       for i in range(self.slots)]
            for slot in range(self.slots):
                with m.If(self.enter & (tail == slot)):
                    m.d.sync += weights[slot].eq(self.enter_weights)
            blocks = [bits & mask for bits, mask in zip(stay, weights, strict=True)]
            enter_blocks, may_offer = self.enter_weights, 1
            oldest = self._go(m, tail, numbers, stay, pending)
        else:
            blocks, enter_blocks, may_offer = stay, self.enter_wait, self.may_start
            oldest = issue
            m.d.comb += [
                self.asks.eq(waits),
                self.next_number.eq(Mux(waits, numbers[issue], self.enter_number)),
                self.running.eq((self.slot_valid & ~pending).any() | offered),
            ]
        with m.If(~offered):
            # Where none waits, the one that enters is next. Its bits count as they are: those that
            # go out in this cycle are seen in the next one, which keeps them out of a long path.
            m.d.sync += offered.eq(may_offer & Mux(
                waits, Array(bits == 0 for bits in blocks)[issue],
                self.enter & (enter_blocks == 0)))
        m.d.comb += [
            jobs.i.valid.eq(self.enter), jobs.i.payload.eq(self.enter_job),
            self.job.payload.eq(jobs.o.payload), self.job.valid.eq(offered),
            jobs.o.ready.eq(offered & self.job.ready),
        ]
        with m.If(self.enter):
            m.d.sync += pending.bit_select(tail, 1).eq(1)
        with m.If(self.job.valid & self.job.ready):
            m.d.sync += [
                offered.eq(0), issue.eq(issue + 1), pending.bit_select(issue, 1).eq(0),
            ]  # fmt: skip
        return oldest

    def _go(self, m, tail, numbers, stay, pending):
        """Starts commands that the unit has taken, in order. Returns the slot of the next one."""
        start, parked, starts = Signal(range(self.slots)), Signal(self.slots), Signal()
        m.d.comb += [
            starts.eq(parked.bit_select(start, 1) & ~pending.bit_select(start, 1)
                      & Array(bits == 0 for bits in stay)[start] & self.may_start),
            self.next_number.eq(numbers[start]), self.asks.eq(parked.bit_select(start, 1)),
            self.running.eq((self.slot_valid & ~parked).any()),
        ]
        m.d.sync += self.go.eq(starts)
        with m.If(starts):
            m.d.sync += [start.eq(start + 1), parked.bit_select(start, 1).eq(0)]
        with m.If(self.enter):
            m.d.sync += parked.bit_select(tail, 1).eq(1)
        return start

    def _gone(self, late):
        """Slots of the other units that need not be waited for any longer, from this cycle on."""
        return self.other_completed | (self.other_released & ~late)
