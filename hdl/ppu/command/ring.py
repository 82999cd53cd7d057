"""The commands of one unit between decoder and completion."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..lib.queue import ShallowQueue

__all__ = ["CommandRing"]


class CommandRing(wiring.Component):
    """Slots of one unit: commands enter, are issued, and complete in order.

    Each slot keeps the footprint of its command and one bit for every slot of the other units: that
    it waits for the command there. Such a bit goes out when that command completes, or already when
    it releases its rows, if nothing more is shared (`late` is 0). Waiting only points to older
    commands, so the oldest one never waits. The oldest command not issued is offered to the unit
    from the cycle after the last of its bits went out.

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

    Members
    -------
    ready : Out(1)
        There is a free slot.
    enter, enter_job, enter_footprint, enter_number : In
        A command enters, and takes slot `tail`.
    enter_wait, enter_late : In(others)
        What it waits for, and until when.
    slot_valid : Out(slots)
        The slot holds a command that is not complete.
    slot_shares : Out(slots)
        The slot holds a command that has not released its rows.
    footprint : Out, array
        Footprint of each slot.
    other_released, other_completed : In(others)
        The command in that slot releases its rows or completes in this cycle.
    may_issue : In(1)
        The command with number `next_number` may start.
    next_number : Out
        Number of the oldest command not issued.
    job : Out(stream)
        To the unit.
    unit_released, unit_completed : In(1)
        From the unit, for its oldest command.
    released, completed : Out(slots)
        The same, by slot.
    completed_number : Out
        Number of the command that completes.
    running : Out(1)
        A command is offered to the unit, or in it.
    """

    def __init__(self, *, slots, others, job_layout, footprint, numbers):
        self.slots = slots
        super().__init__({
            "ready": Out(1), "enter": In(1), "enter_job": In(job_layout),
            "enter_footprint": In(footprint), "enter_number": In(range(numbers)),
            "enter_wait": In(others), "enter_late": In(others),
            "slot_valid": Out(slots), "slot_shares": Out(slots),
            "footprint": Out(footprint).array(slots),
            "other_released": In(others), "other_completed": In(others),
            "may_issue": In(1), "next_number": Out(range(numbers)),
            "job": Out(stream.Signature(job_layout)),
            "unit_released": In(1), "unit_completed": In(1),
            "released": Out(slots), "completed": Out(slots),
            "completed_number": Out(range(numbers)), "running": Out(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        pointer = range(self.slots)
        tail, issue, release, head = (Signal(pointer, name=name)
                                      for name in ("tail", "issue", "release", "head"))
        numbers = Array(Signal.like(self.enter_number, name=f"number_{i}")
                        for i in range(self.slots))
        waits = [Signal.like(self.enter_wait, name=f"wait_{i}") for i in range(self.slots)]
        lates = [Signal.like(self.enter_late, name=f"late_{i}") for i in range(self.slots)]
        pending = Signal(self.slots)        # not issued

        m.submodules.jobs = jobs = ShallowQueue(self.job.payload.shape(), depth=self.slots)
        m.d.comb += [
            self.ready.eq(~self.slot_valid.bit_select(tail, 1)),
            jobs.i.valid.eq(self.enter), jobs.i.payload.eq(self.enter_job),
            self.next_number.eq(numbers[issue]),
            self.completed_number.eq(numbers[head]),
            self.released.eq(Mux(self.unit_released, 1 << release, 0)),
            self.completed.eq(Mux(self.unit_completed, 1 << head, 0)),
            self.running.eq((self.slot_valid & ~pending).any() | self.job.valid),
        ]  # fmt: skip

        for slot in range(self.slots):
            m.d.sync += waits[slot].eq(waits[slot] & ~self._gone(lates[slot]))
            with m.If(self.enter & (tail == slot)):
                m.d.sync += [
                    self.footprint[slot].eq(self.enter_footprint),
                    waits[slot].eq(self.enter_wait & ~self._gone(self.enter_late)),
                    lates[slot].eq(self.enter_late),
                    self.slot_valid[slot].eq(1), self.slot_shares[slot].eq(1), pending[slot].eq(1),
                ]  # fmt: skip
        with m.If(self.enter):
            m.d.sync += [numbers[tail].eq(self.enter_number), tail.eq(tail + 1)]

        free = Array(wait == 0 for wait in waits)
        offered = Signal()
        with m.If(~offered):
            m.d.sync += offered.eq(pending.bit_select(issue, 1) & free[issue] & self.may_issue)
        m.d.comb += [
            self.job.payload.eq(jobs.o.payload), self.job.valid.eq(offered),
            jobs.o.ready.eq(offered & self.job.ready),
        ]  # fmt: skip
        with m.If(self.job.valid & self.job.ready):
            m.d.sync += [
                offered.eq(0), issue.eq(issue + 1), pending.bit_select(issue, 1).eq(0),
            ]  # fmt: skip
        with m.If(self.unit_released):
            m.d.sync += [release.eq(release + 1), self.slot_shares.bit_select(release, 1).eq(0)]
        with m.If(self.unit_completed):
            m.d.sync += [head.eq(head + 1), self.slot_valid.bit_select(head, 1).eq(0)]
        return m

    def _gone(self, late):
        """Slots of the other units that need not be waited for any longer, from this cycle on."""
        return self.other_completed | (self.other_released & ~late)
