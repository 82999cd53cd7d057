"""A file of waves while a simulator writes it."""

from importlib.util import find_spec
from pathlib import Path

from ..toolchain import ToolMissing

__all__ = ["Dump", "check_name"]


def check_name(path):
    """Returns `path`. ValueError if viewers would take a file of that name for something else."""
    if path.suffix != ".fst":
        raise ValueError(f"waves must be a file name that ends in .fst, not {str(path)!r}")
    return path


class Dump:
    """An FST file, and the list of signals that belongs to it.

    Parameters
    ----------
    path : str or Path
        The file, whose name ends in ``.fst``. It is made at once, so that a bad place shows early.

    Attributes
    ----------
    path : Path
        The file, absolute.
    list_path : Path
        The list of signals for GTKWave: the same name with the end ``.gtkw``.

    Raises
    ------
    ValueError
        If the name has another end.
    ToolMissing
        If the package that reads FST is not installed.
    """

    def __init__(self, path):
        self.path = check_name(Path(path)).absolute()
        if find_spec("pywellen") is None:
            raise ToolMissing("The list of signals needs: pip install 'ppu-tensor-core[sim]'")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(b"")
        self.list_path = self.path.with_suffix(".gtkw")

    def finish(self):
        """Writes the list of signals. To be called when the simulator has closed the file."""
        from .save import write_list

        write_list(self.path, self.list_path)
