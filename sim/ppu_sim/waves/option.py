"""The option ``--waves`` of the commands that run a program."""

from argparse import ArgumentTypeError
from pathlib import Path

from .dump import check_name

__all__ = ["add_option"]


def add_option(parser, what="the signals of every cycle, a kilobyte each or more"):
    """Adds ``--waves FILE.fst``. `what` is written there."""
    parser.add_argument(
        "--waves", metavar="FILE.fst", type=_path,
        help=f"write {what}, and a list of them for GTKWave to FILE.gtkw",
    )  # fmt: skip


def _path(text):
    try:
        return check_name(Path(text))
    except ValueError as error:
        raise ArgumentTypeError(error) from None
