"""The words of a verdict: values with their units, p-values, and a sentence for each comparison."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optilab.analysis.inputs import differences
from optilab.analysis.intervals import Interval
from optilab.analysis.pairs import Paired
from optilab.analysis.resolution import seeds_for_significance, seeds_needed, smallest_difference, smallest_p
from optilab.records.columns import in_words
from optilab.records.measures import is_ascending
from optilab.texts import counted

_NAMED = 8  # methods that a sentence names
_LEVELS = (0.0, 0.01, 0.05, 0.1)


@dataclass(frozen=True)
class Scale:
    """How a measure is written: accuracies in percent and their differences in points, all else as numbers.

    measure: its name, which knows which value is the best. name: the same in words.
    """

    measure: str
    name: str
    percent: bool

    @classmethod
    def of(cls, measure: str) -> Scale:
        """The scale of a measure."""
        return cls(measure, in_words(measure), measure.endswith("accuracy"))

    @property
    def lowest(self) -> bool:
        """Whether the lowest value is the best. InputError where that isn't known."""
        return not is_ascending(self.measure)

    @property
    def with_article(self) -> str:
        """The name behind "a" or "an".

        >>> Scale.of("test_cost").with_article, Scale.of("accuracy").with_article
        ('a test cost', 'an accuracy')
        """
        return f"{'an' if self.name[:1].lower() in set('aeiou') or self.name[:2].lower() == 'f1' else 'a'} {self.name}"

    def value(self, value: float) -> str:
        """A value with its unit."""
        return f"{self.number(value)} %" if self.percent and math.isfinite(value) else self.number(value)

    def gap(self, value: float) -> str:
        """A difference with its unit."""
        return f"{self.number(value)} points" if self.percent and math.isfinite(value) else self.number(value)

    def ends(self, low: float, high: float) -> str:
        """An interval without a unit."""
        return f"[{self.number(low)}, {self.number(high)}]"

    def estimate(self, found: Interval) -> str:
        """An estimate with its interval, if it has an exact one."""
        value = self.value(found.estimate)
        exact = found.method == "order" and found.low < found.high
        return f"{value} {self.ends(found.low, found.high)}" if exact else value

    def number(self, value: float) -> str:
        """A value without its unit."""
        if math.isinf(value):
            return "infinity" if value > 0 else "-infinity"
        value += 0.0  # of -0.0 makes 0.0
        if self.percent:
            return f"{100 * value:.2f}" if abs(value) >= 1e-4 else f"{100 * value:.1g}"
        return f"{value:.3g}"


@dataclass(frozen=True)
class PairwiseComparison:
    """A method and the control on one problem.

    found: of their values on paired seeds. p: after Holm's correction over `family` comparisons. values, base: the values of the
    method and of the control by seed. alpha: level of significance. chance: whether seeds make a difference to either.
    """

    label: str
    control: str
    found: Paired
    p: float
    family: int
    values: pd.Series[float]
    base: pd.Series[float]
    alpha: float
    chance: bool

    def outcome(self, scale: Scale) -> str:
        """The outcome: "better" or "worse" where the interval and p agree, else "undecided"."""
        low, high = (self.found.low, self.found.high) if scale.lowest else (-self.found.high, -self.found.low)
        if self.chance and self.p <= self.alpha and (high < 0 or low > 0):
            return "better" if high < 0 else "worse"
        return "undecided"

    def sentence(self, scale: Scale) -> str:
        """The comparison in words."""
        found, outcome = self.found, self.outcome(scale)
        if not found.n:
            return f"{self.label} and {self.control} have no seed in common, so they can't be compared."
        if not self.chance:
            values = scale.value(self.values.iloc[0]), scale.value(self.base.iloc[0])
            return f"{self.label} ends at {values[0]}, {self.control} at {values[1]}; nothing in these runs is random."
        if outcome != "undecided":
            return f"{self.label} is {outcome} than {self.control}{self._by(scale)} ({self._how_sure(scale)}).{self.lost()}"
        if self.has_few_seeds:
            return few_seeds_sentence([self], scale)
        return (
            f"{self.label} can't be told from {self.control}{self._by(scale)} ({self._how_sure(scale)})"
            f"{self._resolution(scale)}.{self.lost()}"
        )

    @property
    def has_few_seeds(self) -> bool:
        """Whether its seeds are too few for any p to be significant."""
        return self.chance and self.found.n > 0 and self.family * smallest_p(self.found.n) > self.alpha

    def _by(self, scale: Scale) -> str:
        """The median difference and its interval, behind a colon; "" where there is none."""
        gap = self.found.difference
        if not math.isfinite(gap) or self.never_lasted:
            return ""
        low, high = (-self.found.high, -self.found.low) if gap < 0 else (self.found.low, self.found.high)
        ends = f" {scale.ends(low, high)}" if self.found.method == "order" else ""
        if not gap and not self._gaps.any():
            return f": they are the same in {scale.name}"
        if not gap:
            return f": their median difference in {scale.name} is 0{ends}"
        return f": its {scale.name} is {'lower' if gap < 0 else 'higher'} by {scale.gap(abs(gap))}{ends}"

    def side(self, scale: Scale) -> str:
        """On which side of the control's its values lie, without an interval; "" where that can't be said."""
        gap = self.found.difference
        if not math.isfinite(gap) or self.never_lasted:
            return ""
        if not gap:
            return "they are the same" if not self._gaps.any() else "their median difference is 0"
        return f"the {scale.name} of {self.label} is {'lower' if gap < 0 else 'higher'} by {scale.gap(abs(gap))}"

    @property
    def never_lasted(self) -> bool:
        """Whether no run of either lasted, on the seeds that they have in common."""
        return all(bool(np.isinf(one).all()) for one in self._pairs)

    def _how_sure(self, scale: Scale) -> str:
        gaps, n = self._gaps, self.found.n
        better = int(((gaps < 0) if scale.lowest else (gaps > 0)).sum())
        worse = int(((gaps > 0) if scale.lowest else (gaps < 0)).sum())
        side = f"better on {better} of {n} seeds, " if better >= worse else f"worse on {worse} of {n} seeds, "
        if not better and not worse:
            side = "" if self.never_lasted else f"on {counted(n, 'seed')}, "
        return f"{side}{p_text(self.p)}{' after Holm' if self.family > 1 else ''}"

    def _resolution(self, scale: Scale) -> str:
        """Why it can't be told: p and interval disagree, or these seeds show no smaller difference than is said here.

        Nothing where a run was lost, or where the difference that was seen is larger than what a t-test would likely have shown: then
        seeds are not what is lacking.
        """
        if self.p <= self.alpha:
            return "; p is significant, but the interval of the median difference does not leave out 0"
        gaps = self._gaps
        with np.errstate(over="ignore", invalid="ignore"):
            spread = float(np.std(gaps, ddof=1)) if self._all_lasted else math.nan
        if not 0 < spread < math.inf:
            return ""
        level = self.alpha / self.family  # Holm's for the smallest p
        size = smallest_difference(self.found.n, alpha=level)
        if abs(self.found.difference) >= size * spread:
            return ""
        half = seeds_needed(size / 2, alpha=level)
        return (
            f"; a t-test on these {self.found.n} seeds would likely have shown a difference of {scale.gap(size * spread)}, "
            f"and on {half} seeds half of that"
        )

    @cached_property
    def _pairs(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The values of the method and of the control on the seeds that they have in common."""
        both = self.values.index.intersection(self.base.index)
        values, base = (np.asarray(one[both], np.float64) for one in (self.values, self.base))
        return values, base

    @cached_property
    def _gaps(self) -> NDArray[np.float64]:
        return differences(*self._pairs)

    @property
    def _all_lasted(self) -> bool:
        return all(bool(np.isfinite(one).all()) for one in self._pairs)

    def lost(self) -> str:
        """The sentence on runs of both that did not last, with a space before it; "" if all did."""
        pairs = ((self.label, self.values), (self.control, self.base))
        lost = [(name, int(np.isinf(one.to_numpy()).sum()), len(one)) for name, one in pairs]
        told = [f"{name} did not last on {count} of {counted(n, 'seed')}" for name, count, n in lost if count]
        return f" {', and '.join(told)}." if told else ""


def few_seeds_sentence(members: Sequence[PairwiseComparison], scale: Scale) -> str:
    """What comparisons with one control, on one small number of seeds, can't show.

    >>> from optilab.analysis.pairs import paired
    >>> a, b = pd.Series([0.3, 0.2, 0.1]), pd.Series([0.4, 0.4, 0.4])
    >>> one = PairwiseComparison("ours", "base", paired(a, b), 0.25, 1, a, b, 0.05, True)
    >>> few_seeds_sentence([one], Scale.of("test_cost"))[:45]
    "3 seeds can't show whether ours and base diff"
    """
    first = members[0]
    n, family = first.found.n, first.family
    among = f" among {family} comparisons" if family > 1 else ""
    alone = len(members) == 1
    who = f"{first.label} and {first.control} differ" if alone else f"these differ from {first.control}"
    more = f"; and {len(members) - _NAMED} more" if len(members) > _NAMED else ""
    names = "" if alone else f" ({'; '.join(one.label for one in members[:_NAMED])}{more})"
    side = first.side(scale) if alone else ""
    return (
        f"{counted(n, 'seed')} can't show whether {who}{names}: p is never below {_decimals(smallest_p(n))}, and "
        f"significance{among} takes {seeds_for_significance(family, first.alpha)} seeds"
        f"{'; ' * bool(side)}{side}.{_losses(members)}"
    )


def _losses(members: Sequence[PairwiseComparison]) -> str:
    """The sentences on runs that did not last, each once and no more than a few, with a space before each."""
    told = list(dict.fromkeys(text for one in members if (text := one.lost())))
    more = f" {len(told) - _NAMED} more sentences like these are left out." if len(told) > _NAMED else ""
    return "".join(told[:_NAMED]) + more


def few_seeds_everywhere(members: Sequence[PairwiseComparison], problems: int) -> str:
    """What comparisons with one control, on one small number of seeds, can't show on any of many problems.

    >>> from optilab.analysis.pairs import paired
    >>> a, b = pd.Series([0.3, 0.2, 0.1]), pd.Series([0.4, 0.4, 0.4])
    >>> one = PairwiseComparison("ours", "base", paired(a, b), 0.25, 6, a, b, 0.05, True)
    >>> few_seeds_everywhere([one] * 6, 6)[:66]
    "Problem by problem, 3 seeds can't show whether ours differs from b"
    """
    first = members[0]
    n, family = first.found.n, first.family
    methods = len({one.label for one in members})
    who = f"{members[0].label} differs" if methods == 1 else f"any of {methods} methods differs"
    return (
        f"Problem by problem, {counted(n, 'seed')} can't show whether {who} from {first.control}: p is never below "
        f"{_decimals(smallest_p(n))}, and significance among {family} comparisons, on {problems} problems, takes "
        f"{seeds_for_significance(family, first.alpha)} seeds."
    )


def p_text(p: float) -> str:
    """A p-value as it is printed: without the zero before the point, and never as 0.

    >>> p_text(0.0312), p_text(0.00001), p_text(1.0)
    ('p = .031', 'p < .001', 'p = 1')
    >>> p_text(0.0498), p_text(0.0502), p_text(0.05)
    ('p = .0498', 'p = .0502', 'p = .05')
    """
    return "p < .001" if p < 0.001 else f"p = {_decimals(p)}"


def _decimals(p: float) -> str:
    """With three decimals, or as many as tell it from 0 and from a usual level of significance."""
    digits = 3
    while digits < 12 and any(abs(round(p, digits) - level) < 1e-12 < abs(p - level) for level in _LEVELS):
        digits += 1
    return f"{p:.{digits}f}".rstrip("0").rstrip(".").removeprefix("0") or "0"
