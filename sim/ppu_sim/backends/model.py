"""The numpy machine as a back end: no cycles, only results."""

import numpy as np

from ..model import Machine
from .base import Backend

__all__ = ["ModelBackend"]


class ModelBackend(Backend):
    """Runs commands one at a time, as soon as the doorbell is written. See :class:`Backend`."""

    name = "model"
    cycles = None
    total_cycles = 0

    def __init__(self, config, memory_size=None, *, waves=None):
        if waves is not None:
            raise ValueError("the back end 'model' has no signals, so it has no waves")
        super().__init__(config, memory_size)
        self.memory = np.zeros(self.memory_size, np.uint8)
        self.machine = Machine(config, self.memory)

    def configure(self, settings):
        self.settings = settings
        self.machine.faults = list(settings.faults)

    def write_register(self, offset, value, *, start=False):
        self.machine.write_register(offset, value)

    def read_register(self, offset):
        return self.machine.read_register(offset)

    def wait(self, limit):
        return self.machine.irq

    def advance(self, cycles):
        pass
