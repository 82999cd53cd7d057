"""What all FPGA families have in common."""

from ppu.execute.multipliers import Multipliers, Pairs
from ppu.lib.bank import Bank
from ppu.lib.product import Product

__all__ = ["Family", "Lowering"]


class Family:
    """Forms of the core's parts for one FPGA family; also a platform to elaborate a core for.

    A subclass names itself and overrides what it has a form for. It may keep count of what the
    chip has left, so each build takes a fresh one.

    Parameters
    ----------
    multipliers : int
        Blocks of the chip; None: as many as it takes.
    products : int
        Those that parts outside the array want, see :attr:`ppu.config.Config.products`.

    Raises
    ------
    ValueError
        If that is negative.
    """

    #: Name, as :func:`~ppu_fpga.lowering.family` takes it.
    name = None

    def __init__(self, *, multipliers=None, products=0):
        if multipliers is not None and multipliers < 0:
            raise ValueError(f"multipliers must be at least 0, not {multipliers!r}")
        #: Blocks of the chip.
        self.chip_multipliers, self.products = multipliers, products

    def lower(self, component):
        """The form of `component` in this family, or None where plain logic is as good."""
        if isinstance(component, Multipliers):
            return self.multipliers(component)
        if isinstance(component, Pairs):
            return self.pairs(component)
        if isinstance(component, Bank):
            return self.bank(component)
        if isinstance(component, Product):
            return self.product(component)
        return None

    def multipliers(self, component):
        """The form of a :class:`~ppu.execute.multipliers.Multipliers`."""
        return None

    def pairs(self, component):
        """The form of a :class:`~ppu.execute.multipliers.Pairs`."""
        return None

    def bank(self, component):
        """The form of a :class:`~ppu.lib.bank.Bank`."""
        return None

    def product(self, component):
        """The form of a :class:`~ppu.lib.product.Product`."""
        return None


class Lowering:
    """Mixin for a platform of ``amaranth-boards``: lowers as its `family` does::

        class Platform(Lowering, ULX3S_85F_Platform):
            family = family("ecp5")
    """

    #: The :class:`Family`; None lowers nothing.
    family = None

    def lower(self, component):
        """See :meth:`Family.lower`."""
        return None if self.family is None else self.family.lower(component)
