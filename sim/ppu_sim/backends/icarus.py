"""The exported core in Icarus Verilog, under cocotb, as a back end."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import weakref
from pathlib import Path

import numpy as np

from ppu.lib.axi import Response

from .. import cache, toolchain
from ..bench import runner
from ..waves import Dump
from .base import Backend, Hang, RegisterError
from .design import SYSTEM, Design
from .icarus_top import IcarusTop

__all__ = ["IcarusBackend"]

STORAGE = Path(__file__).with_name("storage.v")
#: Cycles that a register access may take.
ACCESS_LIMIT = 1000
#: Cycles in one request, between which the keyboard's interrupt is looked for.
_SLICE = 1_000_000
#: Seconds for the simulator to start, and to end: it may have waves to write.
_START_LIMIT, _END_LIMIT = 120, 60


class IcarusBackend(Backend):
    """Runs the exported Verilog in a simulator of its own. See :class:`Backend`.

    The simulator holds its own copy of the memory: what `memory` has new goes there before the
    clock runs, and what the core has written comes back after.
    """

    name = "icarus"
    default_memory_size = 4 << 20

    def __init__(self, config, memory_size=None, *, design=None, waves=None):
        super().__init__(config, memory_size)
        design = design or Design(config)
        dump = None if waves is None else Dump(waves)
        self.memory = np.zeros(self.memory_size, np.uint8)
        self._there = np.zeros(self.memory_size, np.uint8)
        self._simulator = _Simulator(_build(design, self.memory_size), dump)
        self.close = self._simulator.stop
        self.configure(self.settings)

    def configure(self, settings):
        self.settings = settings
        width = self.config.axi_address_width
        bits = settings.as_bits(address_width=width, size=self.memory_size)
        self._simulator.do("configure", settings=bits)

    def _access(self, offset, *, value=None, start=False):
        self._send()
        result = self._simulator.do(
            "access", offset=offset, value=value, start=start, limit=ACCESS_LIMIT
        )
        self._fetch()
        if result is None:
            raise Hang(f"no answer to an access of register {offset:#05x}")
        data, response = result
        if response:
            raise RegisterError(f"register {offset:#05x} answers {Response(response).name}")
        return data

    def write_register(self, offset, value, *, start=False):
        self._access(offset, value=value, start=start)

    def read_register(self, offset):
        return self._access(offset)

    def wait(self, limit):
        self._send()
        irq, breaches = 0, 0
        while not irq and limit > 0:
            irq, breaches = self._simulator.do("wait", limit=min(limit, _SLICE))
            limit -= _SLICE
        self._fetch()
        self._check_breaches(breaches)
        return bool(irq)

    def advance(self, cycles):
        self._send()
        self._simulator.do("advance", cycles=cycles)
        self._fetch()

    @property
    def cycles(self):
        return self._simulator.do("counts")[0]

    @property
    def total_cycles(self):
        return self._simulator.do("counts")[1]

    def _words(self, array):
        return array.reshape(-1, self.config.beat_bytes)

    def _send(self):
        """Gives the simulator what is new in `memory`."""
        if np.array_equal(self.memory, self._there):
            return
        new = np.flatnonzero((self._words(self.memory) != self._words(self._there)).any(axis=1))
        first, last = int(new[0]), int(new[-1])
        words = self._words(self.memory)[first : last + 1]
        self._simulator.image.write_text("\n".join(word.tobytes().hex() for word in words[:, ::-1]))
        self._simulator.do("load", first=first, last=last)
        self._words(self._there)[first : last + 1] = words

    def _fetch(self):
        """Takes from the simulator what the core has written."""
        written = self._simulator.do("written")
        if written is None:
            return
        first, last = written
        self._simulator.do("save", first=first, last=last)
        lines = self._simulator.image.read_text().splitlines()
        data = bytes.fromhex("".join(line for line in lines if not line.startswith("//")))
        words = np.frombuffer(data, np.uint8).reshape(-1, self.config.beat_bytes)[:, ::-1]
        for array in (self.memory, self._there):
            self._words(array)[first : last + 1] = words


def _build(design, memory_size):
    """Compiles the system around the export for Icarus, once."""
    text = design.verilog(f"icarus {memory_size}", lambda system: IcarusTop(system, memory_size))
    text = f"{text}\n{STORAGE.read_text()}"

    def build(directory):
        runner.build(text, name=SYSTEM, simulator="icarus", build_dir=directory)

    return cache.entry("icarus", cache.fingerprint(text, toolchain.icarus().version), build)


class _Simulator:
    """A process that runs `icarus_bench`, and the socket to it."""

    def __init__(self, build_directory, dump):
        self.directory = Path(tempfile.mkdtemp(prefix="ppu-icarus-"))
        self.image = self.directory / "image.hex"
        self._log = self.directory / "simulator.log"
        address = str(self.directory / "socket")
        environment = {k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"}
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener, \
                self._log.open("w") as log:  # fmt: skip
            listener.bind(address)
            listener.listen(1)
            listener.settimeout(0.5)
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ppu_sim.backends.icarus_process",
                 str(build_directory), str(self.directory), address,
                 *([] if dump is None else [str(dump.path)])],
                env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
            connection = self._accept(listener)
        self._stream = connection.makefile("rw")
        self.stop = weakref.finalize(
            self, _stop, self._process, (self._stream, connection), self.directory, dump
        )

    def _accept(self, listener):
        for _ in range(2 * _START_LIMIT):
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                if self._process.poll() is not None:
                    break
            else:
                connection.settimeout(None)
                return connection
        raise RuntimeError(f"Icarus did not start:\n{self._log.read_text()[-2000:]}")

    def do(self, request, **arguments):
        """Has a request done, and returns its result."""
        try:
            self._stream.write(json.dumps({"do": request, **arguments}) + "\n")
            self._stream.flush()
            answer = self._stream.readline()
        except (OSError, ValueError):
            answer = ""
        if not answer:
            log = self._log.read_text()[-2000:] if self._log.exists() else "it was closed"
            raise RuntimeError(f"Icarus is not there any more:\n{log}")
        return json.loads(answer)


def _stop(process, connection, directory, dump):
    """The bench ends with its connection; what does not end by itself is ended."""
    try:
        for part in connection:
            part.close()
        process.wait(timeout=_END_LIMIT)
    except (OSError, subprocess.TimeoutExpired):
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    else:
        if dump is not None:
            dump.finish()
    shutil.rmtree(directory, ignore_errors=True)
