"""Runs the bench of the Icarus back end until its connection ends.

Called with the directory of the build, a directory to run in, and the address of the socket.
"""

import sys
from pathlib import Path

from ..bench import runner
from .design import SYSTEM


def main(build_directory, directory, address):
    build = runner.Build(SYSTEM, "icarus", Path(build_directory) / f"{SYSTEM}-icarus")
    build.test(
        "ppu_sim.backends.icarus_bench", parameters={"socket": address}, directory=Path(directory)
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
