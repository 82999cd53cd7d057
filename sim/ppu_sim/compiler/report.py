"""What each layer took."""

__all__ = ["layer_table"]


def layer_table(runs, config):
    """Cycles, utilisation and bytes on the bus of each layer, as lines of text.

    Parameters
    ----------
    runs : list of (layer, Run)
        As :meth:`.CompiledModel.run_layers` gives them.
    config : Config
        The configuration of the core.
    """
    rows = [(_short(layer.name), str(layer), run.macs, run.cycles or 0,
             run.counters.get("READ_BEATS", 0) * config.beat_bytes,
             run.counters.get("WRITE_BEATS", 0) * config.beat_bytes) for layer, run in runs]
    rows.append(("total", "", *(sum(row[index] for row in rows) for index in range(2, 6))))
    names, shapes = (max(len(row[index]) for row in rows) for index in (0, 1))
    peak = config.macs_per_cycle

    def line(name, shape, macs, cycles, read, written):
        share = f"{macs / cycles / peak:.1%}" if macs and cycles else ""
        return (f"{name:<{names}}  {shape:<{shapes}}  {macs:>12,}{cycles:>11,}{share:>9}"
                f"{read:>12,}{written:>11,}")  # fmt: skip

    return [f"{'layer':<{names}}  {'':<{shapes}}  {'MACs':>12}{'cycles':>11}{'of peak':>9}"
            f"{'read':>12}{'written':>11}", *(line(*row) for row in rows)]  # fmt: skip


def _short(name):
    """The name of an operator without what quantisation has appended."""
    for suffix in ("_quant", "_QuantizeLinear_Output", "_QuantizeLinear", "_output_0"):
        name = name.removesuffix(suffix)
    return name
