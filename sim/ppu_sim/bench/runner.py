"""Builds a component with Icarus or Verilator and runs a cocotb bench on it."""

import hashlib
import json
import os
import shutil
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .. import toolchain, verilog

__all__ = ["SIMULATORS", "BenchFailed", "Build", "build", "parameters", "run"]

SIMULATORS = ("icarus", "verilator")

_PARAMETERS_VARIABLE = "PPU_BENCH_PARAMETERS"
#: Only the pins of the top are visible to cocotb: everything else may be optimised.
_VERILATOR_ARGUMENTS = [
    "--no-public-flat-rw", "-O3", "--x-assign", "fast", "--x-initial", "fast", "--no-timing",
    *(f"-Wno-{name}" for name in toolchain.HARMLESS_WARNINGS),
]  # fmt: skip
#: Most benches are short: what counts is the time to build them.
_COMPILE = {"OPT_FAST": "-O1", "OPT_SLOW": "-O0", "OPT_GLOBAL": "-O0"}
_VERILATOR_CONTROL = '`verilator_config\npublic_flat_rw -module "{name}" -var "*"\n'


class BenchFailed(AssertionError):
    """A cocotb test failed. The message names the tests; the log is on standard output."""


@dataclass(frozen=True)
class Build:
    """A component built for a simulator; see :func:`build`."""

    name: str
    simulator: str
    directory: Path

    def test(
        self, bench, *, parameters=None, seed=None, tests=None, directory=None, waves=None
    ):  # fmt: skip
        """Runs the cocotb tests of the module `bench`.

        Parameters
        ----------
        bench : str
            Name of the importable module, for example ``"ppu_sim.bench.bench_reader"``.
        parameters : dict, optional
            What the bench gets from :func:`parameters`: numbers, strings, lists, dicts.
        seed : int, optional
            ``cocotb.RANDOM_SEED`` in the bench. Otherwise that of the environment variable
            ``COCOTB_RANDOM_SEED``, otherwise 1, so that a run can be repeated.
        tests : str, optional
            Regular expression; only tests whose names match are run.
        directory : Path, optional
            Where the simulator runs; where it was built, if not given.
        waves : str, optional
            Icarus only: FST file, for a design that dumps to the file of the argument ``+waves=``.

        Raises
        ------
        BenchFailed
            If a test fails, or none runs.
        """
        from cocotb_tools.check_results import get_results

        if seed is None:
            seed = os.environ.get("COCOTB_RANDOM_SEED", "1")
        directory = self.directory if directory is None else directory
        results = directory / "results.xml"
        results.unlink(missing_ok=True)
        environment = {
            _PARAMETERS_VARIABLE: json.dumps(parameters or {}),
            "COCOTB_ANSI_OUTPUT": "0",
        }
        runner, tool = _runner(self.simulator)
        with tool.activated(), _no_pytest():
            try:
                runner.test(
                    hdl_toplevel=self.name, hdl_toplevel_lang="verilog", test_module=bench,
                    build_dir=self.directory, test_dir=directory, seed=seed, extra_env=environment,
                    results_xml=str(results), test_filter=tests, timescale=("1ns", "1ps"),
                    waves=waves is not None,
                    plusargs=[] if waves is None else [f"+waves={waves}"],
                )  # fmt: skip
            except (SystemExit, RuntimeError) as error:
                if not results.exists():
                    raise BenchFailed(f"{bench} on {self.simulator} did not finish") from error
        count, failed = get_results(results)
        if failed or not count:
            raise BenchFailed(
                f"{bench} on {self.simulator}, seed {seed}: {failed} of {count} tests failed"
            )


def parameters():
    """In a bench, within the simulator: the `parameters` that :func:`run` was given."""
    return json.loads(os.environ.get(_PARAMETERS_VARIABLE, "{}"))


def run(component, *, name, bench, simulator, build_dir, parameters=None, seed=None, tests=None):
    """Builds `component` and runs a bench on it: :func:`build`, then :meth:`Build.test`."""
    built = build(component, name=name, simulator=simulator, build_dir=build_dir)
    built.test(bench, parameters=parameters, seed=seed, tests=tests)


def build(component, *, name, simulator, build_dir):
    """Builds a component, unless `build_dir` holds it already.

    Parameters
    ----------
    component : wiring.Component, str or Path
        What to simulate: an Amaranth component, whose pins get Amaranth's names (``clk``, ``rst``,
        ``port__member``); or Verilog as text, or a Verilog file.
    name : str
        Name of the top module.
    simulator : str
        One of `SIMULATORS`.
    build_dir : Path
        Where to build; made if missing.

    Returns
    -------
    Build

    Raises
    ------
    ValueError
        If the simulator is not one of `SIMULATORS`.
    ToolMissing
        If the simulator is not installed.
    """
    runner, tool = _runner(simulator)
    text = _as_verilog(component, name)
    directory = Path(build_dir).resolve() / f"{name}-{simulator}"
    stamp = hashlib.sha256("\n".join([tool.version, *_VERILATOR_ARGUMENTS, text]).encode())
    stamp_file = directory / "built"
    built = Build(name, simulator, directory)
    if stamp_file.exists() and stamp_file.read_text() == stamp.hexdigest():
        return built
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    source = directory / f"{name}.v"
    source.write_text(text)
    sources = [source]
    if simulator == "verilator":
        control = directory / f"{name}.vlt"
        control.write_text(_VERILATOR_CONTROL.format(name=name))
        sources.insert(0, control)
    with tool.activated():
        runner.build(
            sources=sources, hdl_toplevel=name, build_dir=directory, always=True,
            timescale=("1ns", "1ps"), log_file=directory / "build.log",
            build_args=_VERILATOR_ARGUMENTS if simulator == "verilator" else [],
        )  # fmt: skip
    stamp_file.write_text(stamp.hexdigest())
    return built


def _as_verilog(component, name):
    if isinstance(component, Path):
        return component.read_text()
    if isinstance(component, str):
        return component
    return verilog.convert(component, name=name)


def _runner(simulator):
    if simulator not in SIMULATORS:
        raise ValueError(f"simulator must be one of {', '.join(SIMULATORS)}, not {simulator!r}")
    if simulator == "verilator":
        tool = toolchain.verilator().with_make_variables(**_COMPILE)
    else:
        tool = toolchain.icarus()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # cocotb's own, not ours to fix
        from cocotb_tools.runner import get_runner

        return get_runner(simulator), tool


@contextmanager
def _no_pytest():
    """Hides pytest from cocotb's runner, which otherwise leaves the process when a test fails."""
    before = os.environ.pop("PYTEST_CURRENT_TEST", None)
    try:
        yield
    finally:
        if before is not None:
            os.environ["PYTEST_CURRENT_TEST"] = before
