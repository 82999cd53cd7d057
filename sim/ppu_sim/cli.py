"""The command ``ppu``."""

import argparse
import json
import sys
from pathlib import Path

from ppu import __version__, generate
from ppu.config import PRESETS, preset
from ppu.interface.c_header import c_header
from ppu.interface.systemrdl import system_rdl
from ppu.interface.tables import command_tables, register_table
from ppu_asic import command as asic
from ppu_fpga.flow import command as fpga

from . import gemm, speed
from .backends import BusBreach, Hang, RegisterError
from .backends.verilated import BuildFailed
from .compiler import command as compiler
from .performance import command as bench
from .performance import plan_command
from .report import command as report
from .run import CoreError
from .serial import SerialError
from .toolchain import ToolMissing
from .trace import command as trace

__all__ = ["main"]

#: What is told in one line; everything else is a fault of this program and shows a traceback.
_FAILURES = (BuildFailed, BusBreach, CoreError, Hang, RegisterError, SerialError, ToolMissing)
#: Numbers of a configuration that follow from its fields.
_DERIVED = (
    "macs_per_cycle", "array_rows", "beat_bytes", "max_burst_beats", "bank_rows",
    "accumulator_row_bytes",
)  # fmt: skip


def main(argv=None):
    """Runs the command; returns the exit code: 1 if it failed, 2 if the arguments are bad.

    130 if the keyboard interrupted it.
    """
    parser = _parser()
    arguments = parser.parse_args(argv)
    try:
        return arguments.run(arguments)
    except KeyboardInterrupt:
        return 130
    except _FAILURES as error:
        print(f"ppu {arguments.command}: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    except (ValueError, TypeError, OSError, MemoryError) as error:
        print(f"ppu {arguments.command}: {error}", file=sys.stderr)
        return 2


def _parser():
    parser = argparse.ArgumentParser(prog="ppu", description="The PPU tensor core.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    gemm.add_command(commands, list(PRESETS))
    compiler.add_commands(commands, list(PRESETS))
    speed.add_command(commands, list(PRESETS))
    bench.add_command(commands)
    plan_command.add_commands(commands, list(PRESETS))
    trace.add_command(commands, list(PRESETS))
    report.add_command(commands, list(PRESETS))
    fpga.add_command(commands, list(PRESETS))
    asic.add_command(commands, list(PRESETS))
    for name, function, text in (
        ("verilog", _verilog, "the core as plain Verilog"),
        ("header", _header, "command set and registers as a C header"),
        ("registers", _registers, "the register map as SystemRDL or as a table"),
        ("commands", _commands, "the fields of the commands as tables"),
        ("info", _info, "the fields of a configuration and what follows from them"),
    ):
        command = commands.add_parser(name, help=text, description=f"Prints {text}.")
        command.set_defaults(run=function)
        if name != "commands":
            command.add_argument("--preset", default="medium", choices=PRESETS,
                                 help="default: medium")  # fmt: skip
        if name == "info":
            command.add_argument("--json", action="store_true", help="print one JSON object")
            continue
        command.add_argument("-o", "--output", metavar="FILE", type=Path,
                             help="write to this file instead of standard output")  # fmt: skip
        if name == "registers":
            command.add_argument("--format", choices=("rdl", "md"), default="rdl",
                                 help="SystemRDL or Markdown; default: rdl")  # fmt: skip
    return parser


def _write(arguments, text):
    if arguments.output is None:
        print(text, end="")
    else:
        arguments.output.parent.mkdir(parents=True, exist_ok=True)
        arguments.output.write_text(text)
        print(f"{arguments.output}: {len(text):,} bytes")
    return 0


def _verilog(arguments):
    return _write(arguments, generate.verilog(preset(arguments.preset)))


def _header(arguments):
    return _write(arguments, c_header(preset(arguments.preset)))


def _registers(arguments):
    make = {"rdl": system_rdl, "md": register_table}[arguments.format]
    return _write(arguments, make(preset(arguments.preset)))


def _commands(arguments):
    return _write(arguments, command_tables())


def _info(arguments):
    config = preset(arguments.preset)
    values = {**config.as_dict(), **{name: getattr(config, name) for name in _DERIVED}}
    if arguments.json:
        print(json.dumps(values))
        return 0
    width = max(map(len, values))
    for name, value in values.items():
        print(f"{name:{width}}  {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
