"""A multiplier of ECP5's carry cells, for products that find no block."""

from amaranth import *

from ppu.lib.delay import delay

__all__ = ["soft_product"]

#: Of the second operand: as many lower bits as go into the first of two sums.
_LOW_BITS = 4


def soft_product(m, a, b, *, width, registers, name):
    """The product of two registered operands, each of 8 bits, or of 9 and never below -128.

    A carry cell adds two bits, and each may be the AND of two pins, so that the rows of the partial
    products need no logic of their own::

        low     a * b[0:4]      = (row 0 + row 1) + (row 2 + row 3)     2 carry chains deep
        high    a * b[4:]       = ((row 4 + row 5) + row 6) +- row 7    3 chains deep
        product low + 16 * high                                         1 chain more

    The sign makes the last row negative: bit 8 of a negative 9-bit operand takes twice what its bit
    7 gives. For 9 bits that is 80 LUTs. The first register is before the last chain, where paths
    are cut in halves if another addition follows; further ones follow the product.

    Parameters
    ----------
    m : Module
        Gets the cells.
    a, b : Value
        Operands, as long as each other.
    width : int
        Bits of the product.
    registers : int
        Cycles that it takes.
    name : str
        Of the product; cells and registers have names that begin with it.
    """
    rows = [[(bit, b[row]) for bit in a] for row in range(7)]
    sign = b[-1]
    top = len(a) + _LOW_BITS

    def plus(x, y, shift, bits, part, carry=None):
        return _plus(m, x, y, shift, bits, name=f"{name}_{part}", carry=carry)

    pairs = [plus(rows[row], rows[row + 1], 1, len(a) + 2, f"pair_{row}") for row in (0, 2, 4)]
    low = plus(pairs[0], pairs[1], 2, top, "low")
    high = plus(pairs[2], rows[6], 2, top - 1, "triple")
    high = plus(high, [(bit, b[7], sign) for bit in a], 3, top, "high", carry=sign)
    low, high = (
        delay(m, Cat(_gate(term) for term in terms), min(1, registers), name=f"{name}_{part}",
              reset_less=True)
        for terms, part in ((low, "low"), (high, "high")))  # fmt: skip
    product = plus([(bit,) for bit in low], [(bit,) for bit in high], _LOW_BITS, width, "sum")
    product = Cat(_gate(term) for term in product)
    return delay(m, product, max(0, registers - 1), name=name, reset_less=True)


# A number is a list of terms, bit 0 first, the last one being its sign. A term is a tuple of the
# pins that it is computed from: one pin; the AND of two; of three, the first, inverted by the
# third, AND the second.


def _value(term):
    """What a term is for these values of its pins."""
    return bool(all(term[:2])) if len(term) < 3 else bool(term[1] and term[0] != term[2])


def _gate(term):
    return term[0] & term[1] if len(term) == 2 else term[0]


def _plus(m, x, y, shift, bits, *, name, carry=None):
    """The number ``x + (y << shift)`` of `bits` bits, and one more at `shift` if `carry`."""
    def term(number, index):
        return number[min(index, len(number) - 1)]

    halves = [_half(term(x, index), term(y, index - shift)) for index in range(shift, bits)]
    first = [] if carry is None else [_half((carry,))]
    sums = _chain(m, first + halves, name)[len(first):]
    return x[:shift] + [(bit,) for bit in sums]


def _half(x, y=()):
    """Half a carry cell, as pins and INIT, that adds two terms; or one that makes `x` a carry.

    The sum is the carry from below unless the LUT of all pins is 1, and inverse if it is. Where the
    LUT is 0, the carry is a function of A and B alone: INIT's first four bits, which are also the
    LUT's for C = D = 0. They are free if D is 1; with four pins in use, the second term is 0 there,
    so that the first one is right for both.
    """
    if len(x) > len(y) > 0:
        x, y = y, x
    init = 0
    for index in range(16):
        bits = [index >> pin & 1 for pin in range(4)]
        first, second = _value(bits[:len(x)]), _value(bits[len(x):len(x) + len(y)])
        propagates = bool(y) and first != second
        init |= (first if index < 4 else propagates) << index
    return [*x, *y, *[Const(1)] * (4 - len(x) - len(y))], init


def _chain(m, halves, name):
    """Carry cells with two of `halves` each; gives their sums."""
    count = len(halves)
    cells = (count + 1) // 2
    halves = halves + [([Const(1)] * 4, 0)] * (count % 2)
    sums, carries = Signal(2 * cells, name=name), Signal(cells, name=f"{name}_carries")
    for cell in range(cells):
        pair = halves[2 * cell:2 * cell + 2]
        m.submodules[f"{name}_{cell}"] = Instance(
            "CCU2C",
            *(("p", f"INIT{half}", Const(init, 16)) for half, (_, init) in enumerate(pair)),
            ("p", "INJECT1_0", "NO"), ("p", "INJECT1_1", "NO"),
            *(("i", f"{letter}{half}", pin) for half, (pins, _) in enumerate(pair)
              for letter, pin in zip("ABCD", pins, strict=True)),
            ("i", "CIN", carries[cell - 1] if cell else 0), ("o", "COUT", carries[cell]),
            ("o", "S0", sums[2 * cell]), ("o", "S1", sums[2 * cell + 1]),
        )  # fmt: skip
    return list(sums[:count])
