"""From a core or a board's top to a netlist, a placement, a bitstream and a report."""
