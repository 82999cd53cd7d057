"""A program on its way through the command ring."""

import numpy as np

from ppu.isa import COMMAND_BYTES

__all__ = ["CommandRing"]

#: Commands that the largest ring holds.
RING_LIMIT = 65536
_ALIGNMENT = 4096
_WORD = 0xFFFF_FFFF


class CommandRing:
    """Writes a program to the ring in memory and announces it, piece by piece if it is long.

    Parameters
    ----------
    device : Device
        Whose memory and registers.
    room : Allocator
        Where the ring is allocated.
    program : Program
        The commands.
    """

    def __init__(self, device, room, program):
        self.device, self.program = device, program
        self.data = np.frombuffer(program.to_bytes(), np.uint8).reshape(-1, COMMAND_BYTES)
        self.size = max(2, min(RING_LIMIT, 1 << (len(program) - 1).bit_length()))
        self.base = room.allocate(COMMAND_BYTES * self.size, _ALIGNMENT)
        self.tail = 0

    def start(self):
        """Sets the ring up and announces what fits."""
        device = self.device
        device.write_register("RING_BASE_LOW", self.base & _WORD)
        device.write_register("RING_BASE_HIGH", self.base >> 32)
        device.write_register("RING_SIZE", self.size)
        self._announce(self.size, start=True)

    def refill(self):
        """Announces more if there is more; returns whether more is left to announce."""
        left = len(self.program) - self.tail
        if left:
            head = self.device.read_register("RING_HEAD")
            self._announce(self.size - (self.tail - head & _WORD))
        return len(self.program) > self.tail

    def _announce(self, count, *, start=False):
        commands = self.data[self.tail : self.tail + count]
        if not len(commands):
            return
        address = self.base + COMMAND_BYTES * (self.tail % self.size)
        before_wrap = min(len(commands), self.size - self.tail % self.size)
        self.device.write(address, commands[:before_wrap])
        self.device.write(self.base, commands[before_wrap:])
        self.tail += len(commands)
        self.device.write_register("RING_TAIL", self.tail & _WORD, start=start)
