"""Arithmetic of pairs: what stood side by side is divided, and the middle of it is told."""

import math
from collections.abc import Sequence
from statistics import median


def middle(values: Sequence[float]) -> float:
    """Return the median; of nothing, nan."""
    return median(values) if values else math.nan


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Return ours / theirs pair by pair: both were measured one after the other, on the same sink.

    A ratio of two medians would compare runs that may be minutes apart, when the machine was busier.
    """
    return [one / other if other else math.nan for one, other in zip(ours, theirs, strict=True)]


def rate(count: int, seconds: float) -> float:
    """Return how many a second; 0 where nothing could be measured."""
    return count / seconds if seconds > 0 else 0.0


def per_thousand(value: float, count: int) -> float:
    """Return a sum's share of a thousand of ``count``."""
    return 1000 * value / count if count else 0.0


def shown(value: float) -> str:
    """Return a figure with as many digits as it deserves: three."""
    if math.isnan(value):
        return "-"
    if value >= 100 or value == 0:
        return f"{value:,.0f}"
    return f"{value:.{2 - math.floor(math.log10(abs(value)))}f}"
