"""Names that plain Verilog takes without an escape."""

import re

from amaranth.lib import wiring

__all__ = ["Names", "class_of", "identifier", "unique"]

#: Words of Verilog-2005, and of SystemVerilog where they are likely names: tools read either.
_WORDS = """
    always and assign automatic begin buf bufif0 bufif1 case casex casez cell cmos config deassign
    default defparam design disable edge else end endcase endconfig endfunction endgenerate
    endmodule endprimitive endspecify endtable endtask event for force forever fork function
    generate genvar highz0 highz1 if ifnone incdir include initial inout input instance integer
    join large liblist library localparam macromodule medium module nand negedge nmos nor
    noshowcancelled not notif0 notif1 or output parameter pmos posedge primitive pull0 pull1
    pulldown pullup pulsestyle_ondetect pulsestyle_onevent rcmos real realtime reg release repeat
    rnmos rpmos rtran rtranif0 rtranif1 scalared showcancelled signed small specify specparam
    strong0 strong1 supply0 supply1 table task time tran tranif0 tranif1 tri tri0 tri1 triand
    trior trireg unsigned use uwire vectored wait wand weak0 weak1 while wire wor xnor xor

    accept_on alias assert assume before bind bins bit break byte chandle checker class clocking
    const constraint context continue cover covergroup coverpoint cross dist do endclass endgroup
    endinterface endpackage endprogram endproperty endsequence enum eventually expect export
    extends extern final first_match foreach forkjoin global iff ignore_bins illegal_bins
    implements implies import inside int interconnect interface intersect let local logic
    longint matches modport nettype new nexttime null package packed priority program property
    protected pure rand randc randcase randsequence ref reject_on restrict return sequence
    shortint shortreal soft solve static string strong struct super tagged this throughout
    timeprecision timeunit type typedef union unique unique0 until untyped var virtual void
    wait_order weak wildcard with within
"""
_RESERVED = frozenset(_WORDS.split())


def identifier(name):
    """`name` with everything replaced that Verilog would need an escape for."""
    name = re.sub(r"\W+", "_", re.sub(r"\$\d*", "", name), flags=re.ASCII)
    if not name or name[0].isdigit():
        name = f"_{name}"
    return f"{name}_" if name in _RESERVED else name


def unique(name, taken):
    """`name`, or with the lowest number from 2 on that is not in `taken`. Adds it to `taken`."""
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{name}_{number}"
    taken.add(candidate)
    return candidate


def class_of(fragment):
    """Name of the component class that a fragment was elaborated from, or None."""
    for origin in fragment.origins or ():
        # Others are a reset inserter and the like around it, and the `Module` that it gave.
        if isinstance(origin, wiring.Component):
            return type(origin).__name__
    return None


class Names:
    """Names of modules: the class in snake case, numbered where its instances differ.

    Parameters
    ----------
    top : str
        Name of the top module and prefix of the others, so that two cores fit in one design.
    """

    def __init__(self, top):
        if identifier(top) != top:
            raise ValueError(f"name must be a plain Verilog identifier, not {top!r}")
        self.top = top
        self._taken = {top}

    def module(self, source):
        """A new name for a module made from the class `source`."""
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", source)
        return unique(identifier(f"{self.top}_{words.lower()}"), self._taken)
