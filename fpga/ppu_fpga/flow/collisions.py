"""Tells Yosys of memories whose rows are not read while they are written."""

import re

__all__ = ["ATTRIBUTE", "without_checks"]

#: Attribute of a memory that says so.
ATTRIBUTE = "no_rw_check"
_MODULE = re.compile(r"^module .*?^end$", re.M | re.S)
_MEMORY = re.compile(
    rf"^  attribute \\{ATTRIBUTE} 1\n(?:  attribute .*\n)*  memory (?:\w+ \d+ )*\\(\S+)$", re.M)
_READ_PORT = re.compile(r"^  cell \$memrd_v2 .*?^  end$", re.M | re.S)
_MASK = re.compile(r"(?<=parameter \\COLLISION_X_MASK )(\d+)'[01]+")


def without_checks(text):
    """RTLIL in which clocked read ports of such memories give anything while the row is written.

    Yosys reads that from the attribute in Verilog only. In RTLIL each read port has a mask that
    says so, by write ports; Amaranth leaves it 0, and Yosys adds a comparator, registers and a
    multiplexer of the row's width to a block RAM which may give anything then.

    Parameters
    ----------
    text : str
        RTLIL as Amaranth writes it.
    """
    return _MODULE.sub(lambda module: _of_module(module[0]), text)


def _of_module(text):
    names = {f'"\\\\{name}"' for name in _MEMORY.findall(text)}
    if not names:
        return text

    def of_port(port):
        if "parameter \\CLK_ENABLE 1" not in port[0] or not any(
                f"parameter \\MEMID {name}" in port[0] for name in names):  # fmt: skip
            return port[0]
        return _MASK.sub(lambda mask: f"{mask[1]}'{'1' * int(mask[1])}", port[0])

    return _READ_PORT.sub(of_port, text)
