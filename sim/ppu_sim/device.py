"""The front door: matrix products on a core, in whatever simulator it runs."""

import time

import numpy as np

from ppu.config import Config, preset
from ppu.host.registers import COUNTERS, IDENTITY, register_map
from ppu.isa import ErrorCode

from .allocator import Allocator
from .backends import Hang, Settings, open_backend
from .limits import cycle_limit
from .operands import Product, product_of
from .program import Program, end, matmul_program
from .ring import CommandRing
from .run import CoreError, Run

__all__ = ["Device", "open"]

_WORD = 0xFFFF_FFFF
#: Cycles between two looks at a ring that is full.
_REFILL_CYCLES = 1000
#: Reads of CONTROL until a reset must be done.
_RESET_LIMIT = 1000
_END_TAG = 1


def open(backend="verilator", *, preset=None, config=None, latency=100, stall=0.0, seed=1,
         memory_size=None):  # fmt: skip
    """A device.

    Parameters
    ----------
    backend : str
        "verilator", "model", "amaranth" or "icarus".
    preset : str, optional
        Name of a preset configuration; "medium" if there is no `config` either.
    config : Config, optional
        Any other configuration, in place of `preset`.
    latency, stall, seed
        Of the memory; see :class:`ppu_sim.backends.Settings`.
    memory_size : int, optional
        Bytes of main memory: 64 MiB, on Icarus 4 MiB, if not given.
    """
    settings = Settings(latency=latency, stall=stall, seed=seed)
    config = _configuration(preset, config)
    return Device(open_backend(backend, config, memory_size), settings)


def _configuration(name, config):
    if config is None:
        return preset(name if name is not None else "medium")
    if name is not None:
        raise ValueError(f"give a preset or a config, not both: {name!r}")
    if not isinstance(config, Config):
        raise TypeError(f"config must be a Config, not {config!r}")
    return config


class Device:
    """A core with its memory.

    Parameters
    ----------
    backend : Backend
        What simulates it.
    settings : Settings, optional
        Of the memory.

    Attributes
    ----------
    config : Config
        Configuration of the core.
    last_run : Run or None
        What the last run took.
    """

    def __init__(self, backend, settings=None):
        self.backend, self.config = backend, backend.config
        self.allocator = Allocator(backend.memory_size)
        self.last_run = None
        self._registers = {r.name: r.offset for r in register_map(self.config)}
        self.configure(settings or Settings())
        self._check_identity()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends the simulator."""
        self.backend.close()

    @property
    def memory(self):
        """The bytes of main memory, as an array of uint8."""
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
        return self.backend.read_register(self._registers[name])

    def write_register(self, name, value, *, start=False):
        """Writes a register, by its name; `start` begins a run, see :class:`Backend`."""
        self.backend.write_register(self._registers[name], value, start=start)

    def reset(self):
        """Resets the core, all but its memories."""
        self.write_register("CONTROL", 1)
        for _ in range(_RESET_LIMIT):
            if not self.read_register("CONTROL") & 1:
                break
        else:
            raise Hang(f"a reset does not end. {self._status()}")
        self.write_register("IRQ_ENABLE", 3)

    def allocate(self, size):
        """The address of `size` bytes of main memory, a multiple of 64. They stay allocated."""
        return self.allocator.allocate(size)

    def write(self, address, array):
        """Copies an array to main memory, row-major."""
        data = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        self.memory[address : address + data.size] = data

    def read(self, address, shape, dtype):
        """A copy of an array in main memory."""
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        return self.memory[address : address + size].copy().view(dtype).reshape(shape)

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
            If the core cannot do this product; the message says what and why.
        """
        return self._multiply(product_of(self.config, a=a, b=b))

    def linear(self, x, weight):
        """``x @ weight.T`` in INT32: as :meth:`matmul`, with a `weight` of shape (N, K)."""
        return self._multiply(product_of(self.config, x=x, weight=weight))

    def _multiply(self, product: Product):
        m, n, k = product.m, product.n, product.k
        with self.allocator.scope() as room:
            addresses = [room.allocate(size) for size in (m * k, n * k, 4 * m * n)]
            self.write(addresses[0], product.a)
            self.write(addresses[1], product.b)
            program = matmul_program(
                self.config, m, n, k, addresses[0], k, addresses[1], k, addresses[2], 4 * n,
                a_signed=product.a_signed, b_signed=product.b_signed,
            )  # fmt: skip
            self.run(Program([*program, end(_END_TAG)]), macs=m * n * k)
            return self.read(addresses[2], (m, n), np.int32)

    def run(self, program, *, macs=None, limit=None):
        """Runs a program to its end. It begins with a reset, so that no run depends on another.

        Parameters
        ----------
        program : Program, or an iterable of Command
            The last command must be END, which tells that the program is done.
        macs : int, optional
            Multiply-accumulates to report.
        limit : int, optional
            Cycles that it may take.

        Returns
        -------
        Run
            Also in `last_run`.

        Raises
        ------
        CoreError
            If the core stops. It is reset then.
        Hang
            If it is not done within the limit. The device cannot be used any more.
        """
        program = program if isinstance(program, Program) else Program(program)
        if not len(program) or program[-1].name != "END":
            raise ValueError(f"the last command must be END, not {_last(program)}")
        if limit is None:
            limit = cycle_limit(self.config, program, self.settings)
        self.last_run = None
        self.reset()
        with self.allocator.scope() as room:
            ring = CommandRing(self, room, program)
            simulated, began = self.backend.total_cycles, time.perf_counter()
            ring.start()
            self._wait(ring, limit)
            seconds = time.perf_counter() - began
        simulated = self.backend.total_cycles - simulated
        cycles = self.backend.cycles
        self._raise_error(program)
        self.last_run = Run(
            commands=len(program), macs=macs, cycles=cycles, peak=self.config.macs_per_cycle,
            counters=self._counters(), seconds=seconds, simulated=simulated,
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
                raise Hang(f"the core is not done in time. {self._status()}")

    def _raise_error(self, program):
        code = self.read_register("ERROR_CODE")
        if not code:
            return
        index = self.read_register("ERROR_INDEX")
        address = self._read_pair("ERROR_ADDRESS")
        self.reset()
        command = program[index] if index < len(program) else None
        raise CoreError(ErrorCode(code), index, address, command)

    def _read_pair(self, name):
        return self.read_register(f"{name}_HIGH") << 32 | self.read_register(f"{name}_LOW")

    def _counters(self):
        self.write_register("CONTROL", 2)
        return {name: self._read_pair(f"COUNT_{name}") for name, _ in COUNTERS}

    def _status(self):
        names = ("STATUS", "IRQ_CAUSE", "RING_HEAD", "RING_TAIL", "COMPLETED", "ERROR_CODE")
        try:
            return ", ".join(f"{name} {self.read_register(name):#x}" for name in names)
        except Hang:
            return "Its registers do not answer."

    def _check_identity(self):
        identity = self.read_register("ID")
        if identity != IDENTITY:
            raise RuntimeError(f"ID reads {identity:#010x}, not {IDENTITY:#010x}")


def _last(program):
    return program[-1] if len(program) else "an empty program"
