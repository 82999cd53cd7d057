"""Queues and registers for streams: what stands between two parts that do not keep step."""

from amaranth import *
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from .bank import Bank

__all__ = ["Queue", "ShallowQueue", "Slice"]


def _check_depth(depth, least):
    if not isinstance(depth, int) or depth < least:
        raise ValueError(f"Depth must be an integer of at least {least}, not {depth!r}")


def _advance(pointer, depth):
    """Next place of a ring of `depth` places."""
    return Mux(pointer == depth - 1, 0, pointer + 1) if depth & (depth - 1) else pointer + 1


def _is_full(level, depth):
    """Whether `level`, which never exceeds `depth`, equals it."""
    return level == depth if depth & (depth - 1) else level[-1]


def _count(m, level, up, down, some=None, *, upwards):
    """Counts `level`; `some` is a register that tells whether it is not 0.

    `upwards` is `up`, or the inverse of `down`: the one of the two that is known earlier.
    """
    with m.If(up ^ down):
        m.d.sync += level.eq(level + Mux(upwards, 1, -1))
        if some is not None:
            m.d.sync += some.eq(up | (level != 1))


class Queue(wiring.Component):
    """First-in first-out queue in block RAM, with a few places in front.

    Latency one cycle as long as the consumer keeps up (the payload goes round the memory), four
    cycles through the memory. Throughput one payload per cycle. Cuts all paths; the output passes
    the read multiplexer of the places in front. The memory is a
    :class:`~ppu.lib.bank.Bank`, whose output goes straight into a register, because the
    clock-to-output time of a block RAM leaves no time for logic.

    ::

        i ---+--> memory --> q --> r --+--> front --> o
             +-------------------------+

    A word is read from the memory when a place in front is free for it: `places` counts those not
    promised yet, so what the consumer does reaches the memory from a register. Between a place's
    becoming free and its next payload lie four cycles, so there are four places. What the producer
    writes is counted a cycle later, from a register too: a word that goes through the memory has to
    wait for the four in front of it anyway.

    Parameters
    ----------
    shape : ShapeLike
        Shape of a payload.
    depth : int
        Rows of the memory, at least 4. It takes that many payloads, and up to three more.

    Members
    -------
    i : In(stream.Signature(shape))
        Payloads. `i.ready` does not depend on `o.ready`.
    o : Out(stream.Signature(shape))
        The same, in order.
    level : Out(range(depth + FRONT))
        Payloads inside.
    """

    #: Places in front of the memory.
    FRONT = 4

    def __init__(self, shape, *, depth):
        _check_depth(depth, 4)
        self.shape, self.depth = shape, depth
        super().__init__({
            "i": In(stream.Signature(shape)),
            "o": Out(stream.Signature(shape)),
            "level": Out(range(depth + self.FRONT)),
        })

    def elaborate(self, platform):
        m = Module()
        width = Shape.cast(self.shape).width
        m.submodules.memory = bank = Bank(depth=self.depth, lanes=1, lane_width=width)
        m.submodules.front = front = ShallowQueue(width, depth=self.FRONT)
        written = Signal()                       # in the cycle before, not in `stored` yet
        stored  = Signal(range(self.depth + 1))  # in the memory, not read yet
        some    = Signal()                       # stored != 0
        places  = Signal(range(self.FRONT + 1), init=self.FRONT)
        place   = Signal(init=1)                 # places != 0
        q_valid = Signal()
        r_valid = Signal()
        push    = Signal()
        pop     = Signal()
        bypass  = Signal()
        through = Signal()
        q_load  = Signal()
        m.d.comb += [
            # One more may be written and not counted, and the row that was read last is left alone.
            self.i.ready.eq(stored < self.depth - 2),
            self.o.valid.eq(front.o.valid),
            Value.cast(self.o.payload).eq(front.o.payload),
            front.o.ready.eq(self.o.ready),
            push.eq(self.i.valid & self.i.ready),
            pop.eq(self.o.valid & self.o.ready),
            bypass.eq(place & ~some & ~written & ~q_valid & ~r_valid),
            through.eq(self.i.valid & bypass),  # nothing is stored, so there is room
            q_load.eq(place & some),
            front.i.valid.eq(r_valid | through),
            front.i.payload.eq(Mux(r_valid, bank.r_data.as_value(), Value.cast(self.i.payload))),
            bank.w_data.eq(self.i.payload),
            bank.w_mask.eq(push & ~bypass),
            bank.r_en.eq(q_load),
        ]
        promised = q_load | through
        _count(m, self.level, push, pop, upwards=push)
        _count(m, stored, written, q_load, some, upwards=~q_load)
        _count(m, places, pop, promised, place, upwards=~promised)
        write_row, read_row = Signal(range(self.depth)), Signal(range(self.depth))
        m.d.comb += [bank.w_row.eq(write_row), bank.r_row.eq(read_row)]
        with m.If(bank.w_mask):
            m.d.sync += write_row.eq(_advance(write_row, self.depth))
        with m.If(q_load):
            m.d.sync += read_row.eq(_advance(read_row, self.depth))
        m.d.sync += [written.eq(bank.w_mask), q_valid.eq(q_load), r_valid.eq(q_valid)]
        return m


class ShallowQueue(wiring.Component):
    """First-in first-out queue for few payloads, in LUT RAM where the target has it.

    Latency one cycle, throughput one payload per cycle. Cuts all paths; the output passes the
    read multiplexer of the memory.

    Parameters
    ----------
    shape : ShapeLike
        Shape of a payload.
    depth : int
        Payloads that it holds, at least 1.

    Members
    -------
    i : In(stream.Signature(shape))
        Payloads. `i.ready` does not depend on `o.ready`.
    o : Out(stream.Signature(shape))
        The same, in order.
    level : Out(range(depth + 1))
        Payloads inside.
    """

    def __init__(self, shape, *, depth):
        _check_depth(depth, 1)
        self.shape, self.depth = shape, depth
        super().__init__({
            "i": In(stream.Signature(shape)),
            "o": Out(stream.Signature(shape)),
            "level": Out(range(depth + 1)),
        })

    def elaborate(self, platform):
        m = Module()
        width = Shape.cast(self.shape).width
        m.submodules.memory = rows = memory.Memory(shape=width, depth=self.depth, init=[])
        write, read = rows.write_port(), rows.read_port(domain="comb")
        some = Signal()  # level != 0
        push = Signal()
        pop  = Signal()
        m.d.comb += [
            self.i.ready.eq(~_is_full(self.level, self.depth)),
            self.o.valid.eq(some),
            Value.cast(self.o.payload).eq(read.data),
            push.eq(self.i.valid & self.i.ready),
            pop.eq(self.o.valid & self.o.ready),
            write.data.eq(self.i.payload),
            write.en.eq(push),
        ]
        _count(m, self.level, push, pop, some, upwards=push)
        with m.If(push):
            m.d.sync += write.addr.eq(_advance(write.addr, self.depth))
        with m.If(pop):
            m.d.sync += read.addr.eq(_advance(read.addr, self.depth))
        return m


class Slice(wiring.Component):
    """Two registers in a stream.

    Latency one cycle, throughput one payload per cycle. Cuts all paths; every output comes straight
    from a register.

    Parameters
    ----------
    shape : ShapeLike
        Shape of a payload.

    Members
    -------
    i : In(stream.Signature(shape))
        Payloads.
    o : Out(stream.Signature(shape))
        The same, in order.
    """

    def __init__(self, shape):
        self.shape = shape
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform):
        m = Module()
        spare = Signal(Shape.cast(self.shape).width)
        full  = Signal()
        m.d.comb += self.i.ready.eq(~full)
        with m.If(~self.o.valid | self.o.ready):
            m.d.sync += [
                self.o.valid.eq(self.i.valid | full),
                Value.cast(self.o.payload).eq(Mux(full, spare, self.i.payload)),
                full.eq(0),
            ]
        with m.Elif(self.i.valid & ~full):
            m.d.sync += full.eq(1)
        with m.If(~full):
            m.d.sync += spare.eq(self.i.payload)
        return m
