"""A core on a board as a back end."""

import time

import numpy as np

from ppu.host.registers import register_map
from ppu_fpga.bridge.protocol import HEADER_REQUEST, SIZE_CHECK, Kind, Request

from ..backends import Backend, RegisterError, Settings
from ..backends.base import MEMORY_STEP
from .address import parse
from .discovery import check_config, find_config
from .errors import Disconnected, ForeignBridge, RequestRefused
from .link import Link
from .port import Port
from .progress import Progress

__all__ = ["SerialBackend"]

#: Bytes of a transfer whose requests are made at a time.
_PART = 1 << 18
#: Writes that the bridge shall have room for, so that one is on the line while one is carried out.
_WRITES_IN_FLIGHT = 4
#: Transfers start in the memory's rows where they can.
_ALIGNMENT = 16
#: Seconds between two looks at the interrupt: they double from the first to the last.
_FIRST_LOOK, _LAST_LOOK = 0.0005, 0.02
#: Seconds that a run may take longer than its cycles do.
_WAIT_FLOOR = 2.0
#: Cycles to the first data: near those of the memories on boards, on the chip or beside it.
_PLANNED_LATENCY = 20
_RESET, _SNAPSHOT = 1, 2


class SerialBackend(Backend):
    """Runs programs on a board. See :class:`Backend`.

    The memory behaves as the board's does; it cannot be configured. Its `settings` say what
    programs are planned for.

    Parameters
    ----------
    link : Link
        The connection to its bridge. The core is reset; its memory keeps what it has.
    config : Config, optional
        What the core must be.

    Raises
    ------
    SerialError
        If there is no core that this driver fits, or another one than `config`.
    """

    memory_advice = "the board has no more: multiply in parts"

    def __init__(self, link, config=None):
        self.link = link
        self._total = self._counted = 0
        self.name = f"serial:{link.port.name}"
        link.exchange([Request(kind=Kind.RESET)])
        found = find_config(self.read_registers, link.port.name)
        if config is not None:
            check_config(found, config, link.port.name)
        super().__init__(found, _memory_size(link, found))
        self.settings = Settings(latency=_PLANNED_LATENCY)
        self.memory_base = link.identity.memory_base
        offsets = {register.name: register.offset for register in register_map(found)}
        self._control, self._status = offsets["CONTROL"], offsets["STATUS"]
        self._cycles = [offsets[f"COUNT_CYCLES_{half}"] for half in ("LOW", "HIGH")]

    @classmethod
    def open(cls, address, *, config=None, baud=None):
        """The back end at an address ``serial:...``."""
        port = Port(*parse(address, baud))
        try:
            return cls(Link(port), config)
        except BaseException:
            port.close()
            raise

    @property
    def memory(self):
        """There is no such array: AttributeError."""
        raise AttributeError(
            "the memory of a board is no array: use read and write of the device, which bring "
            "only what is asked for over the line"
        )

    @property
    def clock_hz(self):
        """Cycles of the core's clock in a second."""
        return self.link.identity.clock_hz

    def configure(self, settings):
        raise ValueError("the memory of a board is as it is: it cannot be configured")

    def _exchange(self, requests, progress=None):
        if self.gone:
            raise RuntimeError("the device is closed")
        try:
            return self.link.exchange(requests, progress)
        except Disconnected:
            self.gone = True
            raise

    def _access(self, requests):
        """Register accesses; the values of those that read."""
        try:
            answers = self._exchange(requests)
        except RequestRefused as refused:
            raise RegisterError(str(refused)) from None
        return [int.from_bytes(data, "little") for data in answers]

    def write_register(self, offset, value, *, start=False):
        self._access([_write(offset, value)])
        if offset == self._control and value & _RESET:
            self._counted = 0

    def read_register(self, offset):
        return self.read_registers([offset])[0]

    def read_registers(self, offsets):
        return self._access([_read(offset) for offset in offsets])

    def read_memory(self, address, count):
        data = np.empty(count, np.uint8)
        size = self.link.identity.max_data

        def requests(start, end):
            return [
                Request(kind=Kind.READ_MEMORY, address=address + i, count=min(size, end - i))
                for i in range(start, end, size)
            ]

        for start, answers in self._transfer("reading", count, size, requests):
            part = np.frombuffer(b"".join(answers), np.uint8)
            data[start : start + part.size] = part
        return data

    def write_memory(self, address, data):
        size = _write_size(self.link.identity)

        def requests(start, end):
            return [
                Request(
                    kind=Kind.WRITE_MEMORY, address=address + i,
                    data=data[i : min(i + size, end)].tobytes(),
                )
                for i in range(start, end, size)
            ]  # fmt: skip

        for _ in self._transfer("writing", data.size, size, requests):
            pass

    def _transfer(self, what, count, size, requests):
        """Does the `requests` of all parts of a transfer; yields where each starts, its answers."""
        part = max(1, _PART // size) * size
        with Progress(f"{what} {self.name}", count) as progress:
            for start in range(0, count, part):

                def update(done, start=start):
                    progress.update(min(count, start + done * size))

                end = min(count, start + part)
                yield start, self._exchange(requests(start, end), update)

    def wait(self, limit):
        """Looks until the interrupt is high.

        Gives up when the time of `limit` cycles is over and the core has counted as many, or has
        counted no more for `_WAIT_FLOOR` seconds: the clock of a simulated board may be slower than
        it says.
        """
        deadline = time.monotonic() + _WAIT_FLOOR + limit / self.clock_hz
        pause, before = _FIRST_LOOK, None
        with Progress(f"waiting for the core at {self.name}") as progress:
            while True:
                now = time.monotonic()  # before the look: one that takes long counts
                self.read_register(self._status)
                if self.link.irq:
                    self._count()
                    return True
                if now > deadline:
                    total = self._count()
                    if total >= limit or total == before:
                        return False
                    deadline, before = now + _WAIT_FLOOR, total
                progress.update()
                time.sleep(pause)
                pause = min(2 * pause, _LAST_LOOK)

    def advance(self, cycles):
        time.sleep(cycles / self.clock_hz)

    def _count(self):
        """The core's own count of the cycles since its last reset; adds them to the total."""
        snapshot = _write(self._control, _SNAPSHOT)
        _, low, high = self._access([snapshot, *map(_read, self._cycles)])
        count = high << 32 | low
        self._total += count - self._counted
        self._counted = count
        return count

    @property
    def cycles(self):
        return self._count() or None  # a model of a core counts none

    @property
    def total_cycles(self):
        return self._total

    def close(self):
        self.gone = True
        self.link.port.close()


def _read(offset):
    return Request(kind=Kind.READ_REGISTER, address=offset, count=4)


def _write(offset, value):
    return Request(kind=Kind.WRITE_REGISTER, address=offset, data=value.to_bytes(4, "little"))


def _write_size(identity):
    """Bytes of data in one request to write."""
    overhead = HEADER_REQUEST + SIZE_CHECK
    share = identity.receive_buffer // _WRITES_IN_FLIGHT - overhead
    size = min(identity.max_data, share)
    if size < _ALIGNMENT:
        return min(identity.max_data, identity.receive_buffer - overhead)
    return size - size % _ALIGNMENT


def _memory_size(link, config):
    """Bytes of the board's memory that the core reaches."""
    identity = link.identity
    reach = (1 << config.axi_address_width) - MEMORY_STEP - identity.memory_base
    size = min(identity.memory_size, reach)
    if size < MEMORY_STEP:
        raise ForeignBridge(
            f"the bridge at {link.port.name} tells of {identity.memory_size} bytes of memory at "
            f"{identity.memory_base:#x}, of which the core reaches {max(0, size)}"
        )
    return size - size % MEMORY_STEP
