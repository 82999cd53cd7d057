"""Runs the bench of the Icarus back end until its connection ends.

Called with the directory of the build, a directory to run in, the address of the socket, and maybe
a file for the waves.
"""

import sys
from pathlib import Path

from ..bench import runner
from .design import SYSTEM


def main(build_directory, directory, address, waves=None):
    build = runner.Build(SYSTEM, "icarus", Path(build_directory) / f"{SYSTEM}-icarus")
    build.test(
        "ppu_sim.backends.icarus_bench", parameters={"socket": address}, directory=Path(directory),
        waves=waves,
    )  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
