"""The port between the timing of the memory, the same everywhere, and its bytes, which are not."""

from amaranth.lib import wiring
from amaranth.lib.wiring import Out

__all__ = ["StorageSignature", "serve"]


class StorageSignature(wiring.Signature):
    """A memory of bus words, seen by its user.

    `read_data` changes at the clock edge at which `read_en` is high, to the word as it was before
    that edge, and keeps its value otherwise. Bytes of `write_data` whose bit in `write_strobe` is
    high are written at the clock edge.

    Parameters
    ----------
    address_width : int
        Bits of a byte address.
    data_width : int
        Bits of a word.
    """

    def __init__(self, *, address_width, data_width):
        self.address_width, self.data_width = address_width, data_width
        word_address_width = address_width - (data_width // 8).bit_length() + 1
        super().__init__({
            "read_en":      Out(1),
            "read_word":    Out(word_address_width),
            "read_data":    Out(data_width).flip(),
            "write_strobe": Out(data_width // 8),
            "write_word":   Out(word_address_width),
            "write_data":   Out(data_width),
        })  # fmt: skip


def serve(port, memory):
    """A process for Amaranth's simulator that is the storage behind `port`.

    Parameters
    ----------
    port : StorageSignature
        Seen from outside its user.
    memory : numpy.ndarray
        The bytes, a one-dimensional array of `uint8`.
    """
    beat_bytes = len(port.write_strobe)

    async def storage(ctx):
        samples = ctx.tick().sample(
            port.read_en, port.read_word, port.write_strobe, port.write_word, port.write_data
        )
        async for *_, read_en, read_word, strobe, write_word, write_data in samples:
            if read_en:
                start = read_word * beat_bytes
                word = memory[start : start + beat_bytes].tobytes()
                ctx.set(port.read_data, int.from_bytes(word, "little"))
            if strobe:
                word = write_data.to_bytes(beat_bytes, "little")
                for lane in range(beat_bytes):
                    if strobe >> lane & 1:
                        memory[write_word * beat_bytes + lane] = word[lane]

    return storage
