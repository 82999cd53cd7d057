"""One direction's way through the memory: bursts to beats, with a look ahead."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from .bus import BANKS

__all__ = ["BurstLayout", "PlaceLayout", "WalkSignature", "Walker"]


def BurstLayout(part, *, burst, id_width):
    """An AXI burst as the memory sees it.

    `position` counts rows of one bank after the other, so its two lowest bits are the bank; `beat`
    is the place in the row, in bursts of the memory. `outside`: there is no such memory.
    """
    return data.StructLayout({
        "id": id_width, "beat": exact_log2(part.columns // burst),
        "position": exact_log2(part.rows * BANKS), "len": 8, "outside": 1,
    })


def PlaceLayout():
    """A row of a bank."""
    return data.StructLayout({"bank": 2, "row": 13})


class WalkSignature(wiring.Signature):
    """What a walker wants.

    Members
    -------
    valid : Out(1)
        There is a beat.
    current : Out(PlaceLayout())
        Its row.
    beat, id, outside, last, left : Out
        Its place in the row, its burst's ID, that it is not in memory, that it is its burst's last
        one, and how many are to come after it.
    hit : Out(1)
        Its row is open and may be accessed, or it is outside.
    open, close : Out(1)
        Its bank is closed, or has another row open, and time allows to change that.
    ahead_valid, ahead : Out(1), Out(PlaceLayout())
        The row that comes after that one.
    ahead_open, ahead_close : Out(1)
        The same for that row, if it is in another bank.
    step : In(1)
        The beat is done. Not in two cycles in a row.
    """

    def __init__(self, part, *, burst, id_width):
        super().__init__({
            "valid": Out(1), "current": Out(PlaceLayout()),
            "beat": Out(exact_log2(part.columns // burst)), "id": Out(id_width),
            "outside": Out(1), "last": Out(1), "left": Out(8),
            "hit": Out(1), "open": Out(1), "close": Out(1),
            "ahead_valid": Out(1), "ahead": Out(PlaceLayout()),
            "ahead_open": Out(1), "ahead_close": Out(1), "step": In(1),
        })


class Walker(wiring.Component):
    """Goes through bursts beat by beat, and looks up rows.

    `hit`, `open`, `close`, `ahead_open` and `ahead_close` are registers, one cycle behind the beat
    and the banks. They are low in the cycle after a command that opens or closes a row, `hit` after
    `step`, and `close` and `ahead_close` after the other walker's `step`: so none of them is set
    when it is not true any more, or too early for the memory. `hit` stays if the command was sent
    for this walker's sake: it is never for the bank of a beat whose row is open.

    Latency: burst to `valid` two cycles, to `hit` in an open row three. One beat in two cycles at
    most, without a gap between bursts. Cuts all paths.

    Parameters
    ----------
    part : SdramPart
        Geometry.
    burst : int
        Words of a beat.
    id_width : int
        Bits of an ID.

    Members
    -------
    i : In(stream.Signature(BurstLayout))
        Bursts; none crosses 4 KiB.
    opened, rows, may_activate, may_precharge, may_access
        The banks, as :class:`.Banks` tells.
    disturbed, active : In(1)
        A row is opened or closed in this cycle; this walker goes first in that.
    occupied : In(1)
        The other walker's `step`.
    walk : Out(WalkSignature)
        What is wanted.
    """

    def __init__(self, part, *, burst, id_width):
        self.part, self.burst, self.id_width = part, burst, id_width
        super().__init__({
            "i": In(stream.Signature(BurstLayout(part, burst=burst, id_width=id_width))),
            "opened": In(BANKS), "rows": In(data.ArrayLayout(13, BANKS)),
            "may_activate": In(BANKS), "may_precharge": In(BANKS), "may_access": In(BANKS),
            "disturbed": In(1), "active": In(1), "occupied": In(1),
            "walk": Out(WalkSignature(part, burst=burst, id_width=id_width)),
        })

    def elaborate(self, platform):
        m = Module()
        walk   = self.walk
        layout = BurstLayout(self.part, burst=self.burst, id_width=self.id_width)
        # Only the lowest bits of the position change within 4 KiB.
        span = max(1, 12 - exact_log2(2 * self.part.columns))
        next_valid, next_burst = Signal(), Signal(layout)
        burst, end = Signal(layout), Signal(span)
        following = Signal.like(burst.position)
        free = Signal()
        m.d.comb += [
            self.i.ready.eq(~next_valid | free),
            free.eq(~walk.valid | (walk.step & walk.last)),
            following.eq(Cat((burst.position[:span] + 1)[:span], burst.position[span:])),
            walk.current.eq(burst.position), walk.beat.eq(burst.beat), walk.id.eq(burst.id),
            walk.outside.eq(burst.outside), walk.left.eq(burst.len),
        ]
        with m.If(self.i.ready):
            m.d.sync += [next_valid.eq(self.i.valid), next_burst.eq(self.i.payload)]
        with m.If(free):
            place = Cat(next_burst.beat, next_burst.position[:span])
            m.d.sync += [
                walk.valid.eq(next_valid), burst.eq(next_burst), walk.last.eq(next_burst.len == 0),
                end.eq((place + next_burst.len)[len(next_burst.beat):]),
            ]
        with m.Elif(walk.step):
            m.d.sync += [
                burst.beat.eq(burst.beat + 1), burst.len.eq(burst.len - 1),
                walk.last.eq(burst.len == 1),
            ]
            with m.If(burst.beat.all()):
                m.d.sync += burst.position.eq(following)

        within = Signal()  # the burst goes on in another row
        ahead  = Signal(PlaceLayout())
        exists = Signal()
        m.d.comb += [
            within.eq(burst.position[:span] != end),
            ahead.eq(Mux(within, following, next_burst.position)),
            exists.eq(walk.valid & Mux(within, ~burst.outside, next_valid & ~next_burst.outside)),
        ]
        self._look_up(m, walk, ahead, exists)
        return m

    def _look_up(self, m, walk, ahead, exists):
        opened, same, bank = self._status(walk.current)
        wanted = walk.valid & ~walk.outside & ~self.disturbed
        m.d.sync += [
            walk.hit.eq(walk.valid & ~walk.step & (
                walk.outside | (opened & same & self.may_access.bit_select(bank, 1)
                                & (self.active | ~self.disturbed)))),
            walk.open.eq(wanted & ~opened & self.may_activate.bit_select(bank, 1)),
            walk.close.eq(wanted & opened & ~same & ~self.occupied
                          & self.may_precharge.bit_select(bank, 1)),
        ]
        opened, same, bank = self._status(ahead)
        wanted = exists & ~self.disturbed & (bank != walk.current.bank)
        m.d.sync += [
            walk.ahead_valid.eq(exists), walk.ahead.eq(ahead),
            walk.ahead_open.eq(wanted & ~opened & self.may_activate.bit_select(bank, 1)),
            walk.ahead_close.eq(wanted & opened & ~same & ~self.occupied
                                & self.may_precharge.bit_select(bank, 1)),
        ]

    def _status(self, place):
        """Whether its bank is open, whether with its row, and the bank."""
        return (self.opened.bit_select(place.bank, 1), self.rows[place.bank] == place.row,
                place.bank)
