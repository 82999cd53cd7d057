"""The workers of `dask.distributed`: on this machine, or behind a scheduler."""

import importlib.util
import os
from contextlib import contextmanager

from ppu_sim.toolchain import ToolMissing

from .errors import FlowFailed

__all__ = ["add_farm", "farm"]

#: A placement of the largest cores takes about this much memory.
_WORKER_BYTES = 3 << 30
#: Of the scheduler's own page; the usual port may be in use by another cluster.
_ANY_PORT = "127.0.0.1:0"


def add_farm(parser):
    """The options that choose the workers."""
    parser.add_argument("--scheduler", metavar="ADDRESS",
                        help="of a dask scheduler; default: workers on this machine")
    parser.add_argument("--workers", type=int, metavar="N",
                        help="on this machine; default: by its processors and memory")


@contextmanager
def farm(arguments):
    """The client of the workers that the command line asks for.

    Raises
    ------
    FlowFailed
        If no scheduler answers.
    ToolMissing
        If `distributed` is not installed.
    ValueError
        If the number of workers cannot be.
    """
    if not importlib.util.find_spec("distributed"):
        raise ToolMissing("Workers need distributed: pip install 'ppu-tensor-core[fpga]'")
    from distributed import Client, LocalCluster

    if arguments.scheduler:
        try:
            client = Client(arguments.scheduler, timeout=10)
        except OSError as error:
            raise FlowFailed(
                f"no dask scheduler answers at {arguments.scheduler!r}: {error}") from None
        with client:
            yield client
        return
    workers = _default_workers() if arguments.workers is None else arguments.workers
    if workers < 1:
        raise ValueError(f"--workers must be at least 1, not {workers}")
    # All the work is in processes that the workers start and wait for.
    with LocalCluster(n_workers=workers, threads_per_worker=1, processes=True,
                      dashboard_address=_ANY_PORT) as cluster, Client(cluster) as client:
        yield client


def _default_workers():
    """As many as there are processors, and as memory allows."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, min(len(os.sched_getaffinity(0)), memory // _WORKER_BYTES))
