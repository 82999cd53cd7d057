"""A core with its memory: matrix products and programs."""

import math
import time

import numpy as np

from ppu.isa import ErrorCode

from .allocator import Allocator
from .arguments import check_span, checked_shape, integer
from .backends import Hang
from .limits import cycle_limit
from .multiply import multiply
from .operands import product_of
from .program import Program
from .registers import Registers
from .ring import CommandRing
from .run import CoreError, Run
from .trace import trace_of

__all__ = ["Device"]

_WORD = 0xFFFF_FFFF
#: Cycles between two looks at a ring that is full.
_REFILL_CYCLES = 1000


class Device:
    """A core with its memory.

    Parameters
    ----------
    backend : Backend
        What runs it.
    settings : Settings, optional
        Of the memory; those of the back end if not given.

    Attributes
    ----------
    config : Config
        Configuration of the core.
    last_run : Run or None
        What the last run took.
    last_trace : ppu_sim.trace.Trace or None
        What happened in it, if the device was opened with `trace`.

    After :meth:`close`, and after a board was unplugged, only these can be used; everything else
    raises RuntimeError.
    """

    def __init__(self, backend, settings=None):
        self._backend, self.config = backend, backend.config
        self._allocator = Allocator(
            backend.memory_size, backend.memory_base, advice=backend.memory_advice
        )
        self._registers = Registers(backend)
        self._closed = False
        self.last_run = self.last_trace = None
        if settings is not None:
            self.configure(settings)
        self._registers.check_identity()

    def __enter__(self):
        self._check_open()
        return self

    def __exit__(self, *_):
        self.close()

    def __repr__(self):
        config, closed = self.config, "" if self._is_open else ", closed"
        return (
            f"<Device {self._backend.name}, {config.row_bytes} x {config.columns} core, "
            f"{self._backend.memory_size} bytes of memory{closed}>"
        )

    def close(self):
        """Ends the simulator, or the connection to the board."""
        self._closed = True
        self._backend.close()

    @property
    def _is_open(self):
        return not (self._closed or self._backend.gone)

    def _check_open(self):
        if not self._is_open:
            raise RuntimeError("the device is closed")

    @property
    def backend(self):
        """What runs the core."""
        self._check_open()
        return self._backend

    @property
    def allocator(self):
        """What hands out room in main memory."""
        self._check_open()
        return self._allocator

    @property
    def registers(self):
        """The registers of the core."""
        self._check_open()
        return self._registers

    @property
    def memory(self):
        """The bytes of main memory, as an array of uint8; only in a simulator."""
        return self.backend.memory

    @property
    def settings(self):
        """How the memory behaves."""
        return self.backend.settings

    def configure(self, settings):
        """Sets how the memory behaves from the next run on."""
        self.backend.configure(settings)

    def read_register(self, name):
        """The value of a register, by its name."""
        return self.registers.read(name)

    def write_register(self, name, value, *, start=False):
        """Writes a register, by its name; `start` begins a run, see :class:`Backend`."""
        self.registers.write(name, value, start=start)

    def reset(self):
        """Resets the core, all but its memories."""
        self.registers.reset()

    def allocate(self, size):
        """The address of `size` bytes of main memory, a multiple of 64. They stay allocated."""
        return self.allocator.allocate(size)

    def write(self, address, array):
        """Copies an array to main memory, row-major."""
        data = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        address = self._checked("write", address, data.size)
        self._backend.write_memory(address, data)

    def read(self, address, shape, dtype):
        """A copy of an array in main memory."""
        shape = checked_shape(shape)
        size = math.prod(shape) * np.dtype(dtype).itemsize
        address = self._checked("read", address, size)
        return self._backend.read_memory(address, size).view(dtype).reshape(shape)

    def _checked(self, what, address, size):
        backend = self.backend
        return check_span(what, address, size, backend.memory_size, backend.memory_base)

    def matmul(self, a, b):
        """The matrix product ``a @ b`` in INT32, which wraps.

        Parameters
        ----------
        a, b : numpy.ndarray of int8 or uint8, shapes (M, K) and (K, N)
            Any strides; signed and unsigned may be mixed if the core is built for it.

        Returns
        -------
        numpy.ndarray of int32, shape (M, N)

        Raises
        ------
        TypeError, ValueError
            If the core cannot do this product, or the memory is too small for it; the message
            says what and why.
        """
        return self.matmuls([(a, b)])[0]

    def matmuls(self, pairs):
        """Matrix products queued behind one another; `last_run` covers all of them.

        Each is a program of its own, but the core overlaps them: the operands of one come while
        the one before it is still computed.

        Parameters
        ----------
        pairs : iterable of (a, b)
            As for :meth:`matmul`; at least one.

        Returns
        -------
        list of numpy.ndarray of int32
        """
        pairs = list(pairs)
        for pair in pairs:
            if not isinstance(pair, (tuple, list)) or len(pair) != 2:
                raise TypeError(f"pairs must hold pairs of matrices, not {pair!r}")
        products = [product_of(self.config, a=a, b=b) for a, b in pairs]
        if not products:
            raise ValueError("pairs must hold at least one pair of matrices, not none")
        return multiply(self, products)

    def linear(self, x, weight):
        """``x @ weight.T`` in INT32: as :meth:`matmul`, with a `weight` of shape (N, K)."""
        return multiply(self, [product_of(self.config, x=x, weight=weight)])[0]

    def run(self, program, *, macs=None, limit=None):
        """Runs a program to its end. It begins with a reset, so that no run depends on another.

        Parameters
        ----------
        program : Program, or an iterable of Command
            The last command must be END, which tells that the program is done.
        macs : int, optional
            Multiply-accumulates to report.
        limit : int, optional
            Cycles that it may take, at least 1.

        Returns
        -------
        Run
            Also in `last_run`.

        Raises
        ------
        CoreError
            If the core stops. It is reset then.
        Hang
            If it is not done within the limit. The core goes on until it is reset, which the next
            run does, too. If that raises Hang as well, the device must be opened anew.
        """
        self._check_open()
        program = program if isinstance(program, Program) else Program(program)
        if not len(program) or program[-1].name != "END":
            raise ValueError(f"the last command must be END, not {_last(program)}")
        if limit is None:
            limit = cycle_limit(self.config, program, self.settings)
        limit = integer("limit", limit)
        if limit < 1:
            raise ValueError(f"limit must be at least 1, not {limit}")
        self.last_run = self.last_trace = None
        self.reset()
        with self.allocator.scope() as room:
            ring = CommandRing(self, room, program)
            self.backend.begin_record()
            simulated, began = self.backend.total_cycles, time.perf_counter()
            ring.start()
            self._wait(ring, limit)
            seconds = time.perf_counter() - began
        simulated = self.backend.total_cycles - simulated
        cycles, record = self.backend.cycles, self.backend.take_record()
        self._raise_error(program)
        if record is not None:
            self.last_trace = trace_of(record, program, cycles)
        self.last_run = Run(
            commands=len(program), macs=macs, cycles=cycles, peak=self.config.macs_per_cycle,
            counters=self.registers.counters(), seconds=seconds, simulated=simulated,
        )  # fmt: skip
        return self.last_run

    def _wait(self, ring, limit):
        """Feeds the ring and waits until all commands are complete or the core has stopped."""
        total = len(ring.program)
        while True:
            if ring.refill():
                self.backend.advance(_REFILL_CYCLES)
                limit -= _REFILL_CYCLES
                risen = limit > 0
            else:
                before = self.backend.total_cycles
                risen = self.backend.wait(limit)
                limit -= self.backend.total_cycles - before
                self.write_register("IRQ_CAUSE", 3)
            if self.read_register("STATUS") & 2 or self.read_register("COMPLETED") == total & _WORD:
                return
            if not risen:
                raise Hang(f"the core is not done in time. {self.registers.status()}")

    def _raise_error(self, program):
        code = self.read_register("ERROR_CODE")
        if not code:
            return
        index = self.read_register("ERROR_INDEX")
        address = self.registers.read_pair("ERROR_ADDRESS")
        self.reset()
        command = program[index] if index < len(program) else None
        raise CoreError(ErrorCode(code), index, address, command)


def _last(program):
    return program[-1] if len(program) else "an empty program"
