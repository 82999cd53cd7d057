"""Runs a script of Yosys in a folder."""

from . import tools
from .errors import FlowFailed

__all__ = ["yosys"]


def yosys(script, directory, written=(), *, name="synthesis"):
    """Runs `script` in `directory`, with its log in ``NAME.log`` there.

    The WebAssembly build of Yosys sees only the folder it runs in, so all file names of the script
    are relative.

    Parameters
    ----------
    script : str
        Lines of commands; kept as ``NAME.ys``.
    directory : Path
        The folder.
    written : iterable of str
        Files that the script writes. Old ones are removed before.
    name : str
        Of script and log.

    Raises
    ------
    FlowFailed
        If Yosys ends with an error, or without having written those files.
    ToolMissing
        If there is no Yosys.
    """
    program = tools.find("yosys")
    for file in written:
        (directory / file).unlink(missing_ok=True)
    (directory / f"{name}.ys").write_text(script)
    log = f"{name}.log"
    tools.run(program, ["-q", "-Q", "-T", "-l", log, "-s", f"{name}.ys"], directory, log=log)
    for file in written:
        if not (directory / file).exists():
            raise FlowFailed(f"yosys stopped before {file}; see {directory / log}")
