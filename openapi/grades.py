"""How well is a fact known?"""

from enum import StrEnum


class Grade(StrEnum):
    """The grade of a fact, from the best known to the least known.

    `Grade(word)` raises `ValueError` if the word is not a grade.
    """

    DOCUMENTED = "documented"
    """The vendor's public reference states the fact."""
    OBSERVED = "observed"
    """No page states the fact, but public client code depends on it."""
    ASSUMED = "assumed"
    """Neither: the fact was chosen to complete the contract."""

    @property
    def rank(self) -> int:
        """The position in `GRADES`: 0 for the best known."""
        return GRADES.index(self)

    @classmethod
    def _missing_(cls, value: object) -> None:
        raise ValueError(f"{value!r} is not a grade; the grades are {', '.join(cls)}")


GRADES: tuple[Grade, ...] = tuple(Grade)
"""All grades, from the best known to the least known."""
