"""Writes the bridge as Verilog to standard output, with its pins as Amaranth names them."""

import argparse

from amaranth.back import verilog

from .bridge import Bridge

__all__ = ["main"]

_OPTIONS = {
    "clock-hz": 12_000_000, "baud": 3_000_000, "address-width": 32, "data-width": 32,
    "memory-base": 0x8000_0000, "memory-size": 0x2_0000, "max-data": 256, "receive-buffer": 1024,
    "timeout": 1 << 10,
}  # fmt: skip


def main(arguments=None):
    """Runs the command line; each option is the parameter of the same name of `Bridge`."""
    parser = argparse.ArgumentParser(prog="python -m ppu_fpga.bridge.export", description=__doc__)
    for name, value in _OPTIONS.items():
        parser.add_argument(f"--{name}", type=lambda text: int(text, 0), default=value,
                            help="default: %(default)s")
    options = vars(parser.parse_args(arguments))
    print(verilog.convert(Bridge(**options), name="bridge"))


if __name__ == "__main__":
    main()
