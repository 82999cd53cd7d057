"""Where the pieces of an operand lie in the scratchpad, and which make room for others."""

from dataclasses import dataclass, field

__all__ = ["Piece", "Region"]


@dataclass
class Piece:
    """Rows `start` to `end` - 1 of a region hold an operand's group; `loaded` panels are there."""

    start: int
    end: int
    last_step: int
    loaded: int = 0

    def meets(self, start, end):
        return self.start < end and start < self.end


@dataclass
class Region:
    """Scratchpad rows of one operand. What was used the longest time ago makes room first."""

    first: int
    rows: int
    pieces: dict = field(default_factory=dict)

    def place(self, key, rows, step, issued):
        """The piece `key` of `rows` rows, for use in `step`, or None if there is no room yet.

        There is none while a piece in the way is used by a step whose EXECUTE is not issued.
        """
        if key not in self.pieces:
            used, _, start = min(
                (self._last_use(start, start + rows), 0 < start < self.rows - rows, start)
                for start in self._starts(rows)
            )
            if used >= issued:
                return None
            self.pieces = {k: p for k, p in self.pieces.items() if not p.meets(start, start + rows)}
            self.pieces[key] = Piece(start, start + rows, step)
        self.pieces[key].last_step = step
        return self.pieces[key]

    def _starts(self, rows):
        """Where a piece may begin: at either end of the region, before and after other pieces.

        Two pieces at opposite ends never meet, whatever their sizes: `place` prefers the ends.
        """
        starts = {0, self.rows - rows}
        for piece in self.pieces.values():
            starts |= {piece.end, piece.start - rows}
        return [start for start in starts if 0 <= start <= self.rows - rows]

    def _last_use(self, start, end):
        return max((p.last_step for p in self.pieces.values() if p.meets(start, end)), default=-1)
