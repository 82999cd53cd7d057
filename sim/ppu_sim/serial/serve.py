"""Puts a peer at a pseudo-terminal or a TCP port, where the driver finds it as it finds a board.

``python -m ppu_sim.serial.serve --preset tiny --backend verilator`` prints the address.
"""

import argparse
import os
import select
import signal
import socket
import threading
from contextlib import contextmanager

from ppu.config import PRESETS

from ..backends import BACKENDS
from .address import PREFIX
from .peer import Peer

__all__ = ["at_pty", "at_tcp", "main"]

#: Seconds between two looks at whether to end.
_PERIOD = 0.05
_PIECE = 4096


@contextmanager
def at_pty(feed):
    """A pseudo-terminal with a peer behind it, as long as the block runs.

    Parameters
    ----------
    feed : callable
        From bytes received to bytes to send; None ends the connection, as unplugging does.

    Yields
    ------
    str
        The terminal's name.
    """
    import tty  # not on Windows

    master, slave = os.openpty()
    tty.setraw(slave)
    ends = [master, slave]  # without a slave of our own, the master fails until the first opening

    def hang_up():
        while ends:
            os.close(ends.pop())

    with _serving(lambda: _read_pty(master), lambda data: _write(master, data), feed, hang_up):
        yield os.ttyname(slave)


def _read_pty(master):
    ready, _, _ = select.select([master], [], [], _PERIOD)
    return os.read(master, _PIECE) if ready else b""


def _write(master, data):
    while data:
        data = data[os.write(master, data) :]


@contextmanager
def at_tcp(feed, port=0):
    """The same at a TCP port of this machine, for one connection after the other.

    Yields
    ------
    str
        Its address for pyserial, ``socket://127.0.0.1:port``.
    """
    with socket.create_server(("127.0.0.1", port)) as server:
        server.settimeout(_PERIOD)
        connections = []

        def hang_up():
            while connections:
                connections.pop().close()

        def read():
            try:
                if not connections:
                    connections.append(server.accept()[0])
                    connections[0].settimeout(_PERIOD)
                data = connections[0].recv(_PIECE)
            except TimeoutError:
                return b""
            except ConnectionError:
                data = b""
            if not data:
                hang_up()
            return data

        def write(data):
            try:
                for connection in connections:
                    connection.sendall(data)
            except (ConnectionError, TimeoutError):
                hang_up()

        with _serving(read, write, feed, hang_up):
            yield f"socket://127.0.0.1:{server.getsockname()[1]}"


@contextmanager
def _serving(read, write, feed, hang_up):
    """A thread that feeds what is read, and writes what comes of it."""
    done = threading.Event()

    def serve():
        try:
            while not done.is_set():
                answer = feed(read())
                if answer is None:
                    break
                if answer:
                    write(answer)
        finally:
            hang_up()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def main(argv=None):
    """Serves until it is interrupted or told to terminate; returns the exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parser = argparse.ArgumentParser(
        prog="ppu_sim.serial.serve", description="A bridge in software: a board to try things on."
    )
    parser.add_argument("--preset", default="tiny", choices=PRESETS, help="default: tiny")
    parser.add_argument("--backend", default="model", choices=BACKENDS, help="default: model")
    parser.add_argument(
        "--memory", type=int, default=1 << 20, metavar="BYTES", help="default: 1 MiB"
    )
    parser.add_argument("--tcp", type=int, metavar="PORT", help="a TCP port, not a terminal")
    arguments = parser.parse_args(argv)
    peer = Peer.of_preset(
        arguments.preset, simulator=arguments.backend, memory_size=arguments.memory
    )
    server = at_pty(peer.feed) if arguments.tcp is None else at_tcp(peer.feed, arguments.tcp)
    try:
        with server as name:
            print(f"{PREFIX}{name}", flush=True)
            threading.Event().wait()
    except KeyboardInterrupt:
        return 0
    finally:
        peer.close()


if __name__ == "__main__":
    raise SystemExit(main())
