"""The products by which the core is measured, what they must reach, and what others take."""

from dataclasses import dataclass, replace

from ppu.config import Config, preset

from .workloads import MODELS, RESNET50

__all__ = ["CASES", "Case", "Group"]


@dataclass(frozen=True)
class Group:
    """Cases of one kind.

    Parameters
    ----------
    title : str
        What they are.
    references : str
        What others take for the same, and where that was measured.
    """

    title: str
    references: str = ""


@dataclass(frozen=True)
class Case:
    """One measurement.

    Parameters
    ----------
    group : Group
        Its kind.
    preset : str
        Configuration.
    latency : int
        Of the memory, in cycles.
    m, k, n : int
        The product.
    most_cycles : int, optional
        Cycles that it may take.
    least_share : float, optional
        Share of the bound that it must reach.
    least_peak : float, optional
        Share of the array's peak that it must reach.
    most_ratio : float, optional
        With stalls: how many times the cycles without them it may take.
    axi_data_width : int, optional
        Another width of the bus than that of the preset.
    stall : float
        Chance that a channel stalls in a cycle.
    copies : int
        Products queued behind one another.
    """

    group: Group
    preset: str
    latency: int
    m: int
    k: int
    n: int
    most_cycles: int | None = None
    least_share: float | None = None
    least_peak: float | None = None
    most_ratio: float | None = None
    axi_data_width: int | None = None
    stall: float = 0.0
    copies: int = 1

    @property
    def config(self) -> Config:
        """Configuration of the core."""
        config = preset(self.preset)
        width = self.axi_data_width
        return replace(config, axi_data_width=width) if width else config

    @property
    def name(self):
        """Preset, bus and product."""
        core = self.preset + (f", {self.axi_data_width}-bit bus" if self.axi_data_width else "")
        copies = f"{self.copies} x " if self.copies > 1 else ""
        stall = f", {self.stall:.0%} stalls" if self.stall else ""
        return f"{core}: {copies}{self.m} x {self.k} x {self.n}{stall}, L = {self.latency}"

    @property
    def macs(self):
        """Multiply-accumulates of the results."""
        return self.copies * self.m * self.k * self.n

    @property
    def bound(self):
        """Cycles that no core with this array and this bus can beat.

        The array takes one row of A per cycle for each tile of B. Read and write channel run at the
        same time; each operand and each result moves once.
        """
        return self.copies * self.bound_of(self.config)

    def bound_of(self, config):
        """The bound of one product on a core of any configuration."""
        tiles = -(-self.k // config.row_bytes) * -(-self.n // config.columns)
        read, write = (self.m + self.n) * self.k, 4 * self.m * self.n
        return max(tiles * self.m, max(read, write) / config.beat_bytes)

    def passes(self, cycles, unstalled=None):
        """Whether the case reaches what it must; `unstalled`: its cycles without stalls."""
        share = self.bound / cycles
        peak = self.macs / self.config.macs_per_cycle / cycles
        return (
            (self.most_cycles is None or cycles <= self.most_cycles)
            and (self.least_share is None or share >= self.least_share)
            and (self.least_peak is None or peak >= self.least_peak)
            and (self.most_ratio is None or cycles <= self.most_ratio * unstalled)
        )

    @property
    def target(self):
        """What it must reach, as text."""
        if self.most_cycles is not None:
            return f"<= {self.most_cycles:,}"
        if self.most_ratio is not None:
            return f"<= {self.most_ratio} x without stalls"
        if self.least_peak is not None:
            return f">= {self.least_peak:.1%} of peak"
        return f">= {self.least_share:.0%} of bound" if self.least_share else ""


_SQUARE = Group(
    "Square products",
    "O-POPE, 64 MACs: 128^3 in 33,321; RedMulE, 256 MACs: 96^3 in 3,565; both from a memory of one "
    "cycle (their papers). The RTL of others in Verilator, one beat a cycle, L = 1: Gemmini 8 x 8, "
    "64-bit port: 16^3 in 243, 64^3 in 6,286, 256^3 in 295,792; VTA 8 x 8, 64-bit: 243, 5,461, "
    "279,805; axis-systolic-array 8 x 8, 4 x 64-bit: 464, 9,944, 358,424; Gemmini 16 x 16, "
    "128-bit: 168, 2,020, 92,170, and 256^3 in 68,120 at L = 30. Gemmini and VTA write 8-bit "
    "results, a quarter of the bytes.",
)
_PREFILL = Group("Language models, prefill of 128 tokens")
_DECODE = Group("Language models, decode: the bus is the bound")
_RESNET = Group(
    "ResNet-50 at 224 x 224",
    "Gemmini: 51 % of its peak over the network; SNAX / OpenGeMM: 81.9 to 99.3 % over real layers "
    "(their papers).",
)
_STALLS = Group("Random stalls on every channel")
_QUEUE = Group("Programs queued behind one another")


def _square(preset, latency, side, most_cycles=None, **more):
    return Case(_SQUARE, preset, latency, side, side, side, most_cycles, **more)


def _layers():
    return [(layer.k, layer.n) for layers in MODELS.values() for layer in layers]


def _cases():
    yield _square("small", 100, 128, 33_321)
    yield _square("medium", 1, 96, 3_565, axi_data_width=512)
    yield _square("medium", 1, 96, 3_700)
    yield _square("medium", 100, 96, 4_000)
    for name, limits in (("small", (243, 4_300, 265_000)), ("medium", (200, 1_350, 66_200))):
        for side, limit in zip((16, 64, 256), limits, strict=True):
            yield _square(name, 1, side, limit)
    yield _square("medium", 30, 256, 66_300)
    yield _square("medium", 100, 512, least_peak=0.99)
    yield _square("ppu1", 100, 1024, least_peak=0.99)
    for name in ("medium", "ppu1"):
        for k, n in _layers():
            yield Case(_PREFILL, name, 100, 128, k, n, least_share=0.97)
    for name in ("medium", "ppu1"):
        for k, n in _layers():
            for m in (1, 2, 7, 16):
                yield Case(_DECODE, name, 100, m, k, n, least_share=0.95)
    for m, k, n in RESNET50:
        yield Case(_RESNET, "medium", 100, m, k, n, least_share=0.90)
    yield Case(_STALLS, "medium", 100, 256, 256, 256, most_ratio=1.05, stall=0.25)
    yield Case(_QUEUE, "medium", 100, 64, 64, 64, least_share=0.90, copies=20)


#: All of them, in the order of the table.
CASES = tuple(_cases())
