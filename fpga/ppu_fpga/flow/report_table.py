"""The place-and-route figures as Markdown, between two marks of a document."""

from .results import speed

__all__ = ["END", "START", "inserted", "markdown"]

#: Marks of the document; what is between them is made.
START, END = "<!-- ppu fpga report -->", "<!-- end of the report -->"
_KINDS = {"lut": "LUT", "ff": "FF", "dsp": "multipliers", "bram": "block RAM"}
_TITLES = ("design", "bar", "MHz", "seed", "MHz of each seed", *_KINDS.values(), "reached")
#: The core whose blocks are told.
_BLOCKS_OF = "small"


def markdown(cases, results):
    """The tables.

    Parameters
    ----------
    cases : iterable of Case
        Rows.
    results : dict
        Name of a case -> what :func:`~.results.collected` gives.
    """
    rows = [_row(case, results[case.name]) for case in cases]
    parts = [_table(_TITLES, rows)]
    if any(result and not result["is_current"] for result in results.values()):
        parts.append("(*): of earlier sources.")
    tools = _tools(results.values())
    if tools:
        parts.append(f"Made with {', '.join(tools)}.")
    blocks = _blocks(results.get(_BLOCKS_OF))
    if blocks:
        head = ("block", *_KINDS.values())
        parts.append(f"Blocks of `{_BLOCKS_OF}`; a LUT counts for the block of a signal at one of "
                     f"its pins:\n\n{_table(head, blocks)}")  # fmt: skip
    return "\n\n".join(parts)


def inserted(text, tables):
    """The document `text` with `tables` between its marks.

    Raises
    ------
    ValueError
        If there is not one of each mark, in their order.
    """
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end) or START in after or END in before + after:
        raise ValueError(f"the document must have one {START!r} and after it one {END!r}")
    return f"{before}{START}\n\n{tables}\n\n{END}{after}"


def _table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell).replace('|', '/') for cell in line)} |"
                     for line in lines)  # fmt: skip


def _row(case, result):
    if result is None:
        return (case.title, case.bar, "not run", *[""] * (len(_TITLES) - 3))
    area, best = result["synthesis"], result["best_seed"]
    if "error" in area:
        return (case.title, case.bar, f"failed: {_reason(area)}", *[""] * (len(_TITLES) - 4), "NO")
    seeds, old = result["seeds"], "" if result["is_current"] else " (*)"
    if best is None:
        mhz = f"failed: {_reason(next(iter(seeds.values())))}" if seeds else "not placed"
    else:
        mhz = f"{result['best_mhz']:.1f}"
    each = ", ".join(f"{seed}: {'failed' if 'error' in run else f'{speed(run):.1f}'}"
                     for seed, run in seeds.items())  # fmt: skip
    verdict = "" if not case.bar else "NO" if case.misses(result) else "yes"
    return (case.title, case.bar, mhz + old, "" if best is None else best, each,
            *(f"{area[kind]:,}" for kind in _KINDS), verdict)  # fmt: skip


def _reason(failed):
    lines = failed["error"].splitlines() or ["?"]
    return next((line for line in lines if line.startswith("ERROR")), lines[0])


def _tools(results):
    """Versions that occur, sorted."""
    versions = set()
    for result in filter(None, results):
        for run in (result["synthesis"], *result["seeds"].values()):
            versions.update(_version(*tool) for tool in run.get("tools", {}).items())
    return sorted(versions)


def _version(name, version):
    """Name and version; a nextpnr does not say its family in its version."""
    return f"{name}: {version}" if name.startswith("nextpnr") else version


def _blocks(result):
    """Rows of the blocks, the array apart from its unit."""
    if result is None or "error" in result["synthesis"]:
        return []
    blocks = result["synthesis"]["blocks"]
    return [(f"{'- ' * path.count('.')}{path.rsplit('.', 1)[-1]}",
             *(f"{counts[kind]:,}" for kind in _KINDS))
            for path, counts in blocks.items()
            if "." not in path or path.endswith(".array")]  # fmt: skip
