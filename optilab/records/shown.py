"""How pictures show a measure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optilab.records.columns import LINEAR, as_costs, in_words
from optilab.records.measures import direction


@dataclass(frozen=True)
class Shown:
    """How pictures show a measure: so that lower is better. An accuracy becomes an error in percent; a cost stays.

    name: of what is shown, without its unit. unit: "%", or "". flipped: whether values have changed their sign, because the highest is best; axes show
    them with their own.
    """

    measure: str
    name: str
    unit: str = ""
    flipped: bool = False

    @classmethod
    def of(cls, measure: str) -> Shown:
        """How a measure is shown.

        >>> Shown.of("test_accuracy").axis
        'test error (%)'
        >>> Shown.of("exam_score").values([0.5]).tolist()
        [-0.5]
        """
        name = in_words(measure)
        if measure.endswith("accuracy"):
            return cls(measure, name.replace("accuracy", "error"), "%")
        return cls(measure, name, flipped=bool(direction(measure)))

    @property
    def axis(self) -> str:
        """Its name on an axis, with its unit."""
        return f"{self.name} ({self.unit})" if self.unit else self.name

    @property
    def axis_as_shown(self) -> str:
        """Its name on an axis of which the lower end is the better one, whatever sign values have changed."""
        return f"negative {self.axis}" if self.flipped else self.axis

    @property
    def log(self) -> bool:
        """Whether its axis is logarithmic where the values allow for it."""
        return bool(self.unit) or self.measure not in LINEAR

    def values(self, values: ArrayLike) -> NDArray[np.float64]:
        """Values of the measure, of any shape, as they are shown; infinite ones are infinitely bad."""
        found = np.asarray(values, np.float64)
        if self.unit:
            return np.where(np.isinf(found), np.inf, 100 - 100 * found)
        return np.where(np.isinf(found), np.inf, 0.0 - found) if self.flipped else found

    def gaps(self, values: ArrayLike) -> NDArray[np.float64]:
        """Differences of values of the measure as they are shown: errors in points of percent, below 0 where they are better."""
        return np.asarray(as_costs(self.measure, values)) * (100 if self.unit else 1) + 0.0
