"""The host bridge: a serial line on one side, AXI4 and AXI4-Lite on the other."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ppu.lib.axi import AxiSignature, LiteSignature

from ..memory.place import check_place
from .baud import Baud
from .executor import Executor
from .intake import Intake
from .protocol import HEADER_REQUEST, SIZE_CHECK, Identity
from .receiver import Receiver
from .sender import Sender
from .transmitter import Transmitter

__all__ = ["Bridge"]


class Bridge(wiring.Component):
    """Carries out the requests of a host on a serial line; see `docs/bridge.md`.

    ::

        rx --> Receiver --> Intake --> Executor --> Sender --> Transmitter --> tx
                                        |    |
                                      m_axi m_axil

    Requests are taken in while others are carried out and while replies are sent. A memory that
    takes 30 cycles for an access keeps up with any line, as a byte takes 40 cycles or more.

    Parameters
    ----------
    clock_hz, baud : int
        Frequency of the clock, and bits per second on the line: at most a quarter of it.
    address_width, data_width : int
        Of the memory bus: 13 to 64, and 32 to 512.
    memory_base, memory_size : int
        The part of the address space that may be accessed: a power of two of at least `max_data`
        bytes, from a multiple of it on.
    max_data : int
        Most bytes of data in a request or reply, a power of two, 8 to `receive_buffer` - 16.
    receive_buffer : int
        Bytes of requests that are held, a power of two, 256 to 65536.
    timeout : int
        Cycles that a bus access may take, a power of two.

    Members
    -------
    rx, tx : In(1), Out(1)
        The serial line.
    m_axi : Out(AxiSignature(address_width=address_width, data_width=data_width))
        The memory.
    m_axil : Out(LiteSignature(address_width=12))
        The core's registers.
    irq : In(1)
        The core's interrupt; the host sees it in every reply.
    reset_request : Out(1)
        Resets core, memory interface and buses, but not the bridge.
    active : Out(1)
        There is traffic: part of a request is here, is being carried out, or is being answered.
    """

    def __init__(self, *, clock_hz, baud, address_width, data_width, memory_base, memory_size,
                 max_data=256, receive_buffer=1024, timeout=1 << 10):  # fmt: skip
        self.baud = Baud(clock_hz=clock_hz, baud=baud)
        overhead = HEADER_REQUEST + SIZE_CHECK
        most = receive_buffer - overhead
        if not 8 <= max_data <= most or max_data & (max_data - 1):
            raise ValueError(
                f"max_data must be a power of two, 8 to receive_buffer - {overhead}, which is "
                f"{most}, not {max_data!r}")
        check_place(size=memory_size, base=memory_base, address_width=address_width, least=max_data)
        self.identity = Identity(
            max_data=max_data, receive_buffer=receive_buffer, clock_hz=clock_hz,
            memory_base=memory_base, memory_size=memory_size)
        self.address_width, self.data_width, self.timeout = address_width, data_width, timeout
        super().__init__({
            "rx": In(1), "tx": Out(1, init=1),
            "m_axi": Out(AxiSignature(address_width=address_width, data_width=data_width)),
            "m_axil": Out(LiteSignature(address_width=12)),
            "irq": In(1), "reset_request": Out(1), "active": Out(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.receiver    = receiver    = Receiver(self.baud)
        m.submodules.intake      = intake      = Intake(self.identity.receive_buffer)
        m.submodules.executor    = executor    = Executor(
            self.identity, address_width=self.address_width, data_width=self.data_width,
            timeout=self.timeout)
        m.submodules.sender      = sender      = Sender()
        m.submodules.transmitter = transmitter = Transmitter(self.baud)
        wiring.connect(m, intake.o, executor.i)
        wiring.connect(m, sender.o, transmitter.i)
        wiring.connect(m, executor.m_axi, wiring.flipped(self.m_axi))
        wiring.connect(m, executor.m_axil, wiring.flipped(self.m_axil))
        m.d.comb += [
            receiver.rx.eq(self.rx),
            intake.valid.eq(receiver.valid),
            intake.data.eq(receiver.data),
            intake.error.eq(receiver.error),
            sender.entry.eq(executor.entry),
            executor.next.eq(sender.next),
            sender.start.eq(executor.start),
            executor.sent.eq(sender.idle),
            sender.irq.eq(self.irq),
            self.tx.eq(transmitter.tx),
            self.reset_request.eq(executor.reset_request),
        ]
        m.d.sync += self.active.eq(
            intake.open | intake.waiting | ~executor.idle | ~sender.idle)
        return m
