"""Searches for a step length t along a direction d, from weights w with cost C and slope = g . d < 0 (Nocedal and Wright,
"Numerical Optimization", 2nd edition, 2006, chapter 3).

    C(w + t d) <= C(w) + c1 * t * slope        sufficient decrease (Armijo, 1966), equation 3.6a
    |gradient at w + t d . d| <= -c2 * slope   and a slope that has become flat: the strong Wolfe conditions, equation 3.7b

Each search tries at most `max_trials` lengths. Where a trial has no finite cost or gradient, it is too long. Where no trial
has a lower cost, the answer is 0. If the cost or the slope at w itself is not finite, it is NaN, and so are then the
weights: they show what is wrong.

All of them leave `w` at the last trial; `move(w, start, d, t)` goes to the length that was found.
"""

from math import inf, nan, sqrt

import numpy as np

from optilab import is_finite

# Ranges of the hyperparameters that all searches share.
WOLFE = {
    "c1": "(0, 1)",
    "c2": "(0, 1)",
    "max_trials": "{1, 2, ...}",
    "tolerance_change": "[0, inf)",
}


def inner(a, b):
    """The dot product a.b, summed in float64."""
    total = 0.0
    for i in range(a.size):
        total += np.float64(a[i]) * np.float64(b[i])
    return total


def descend(d, g):
    """Let d = -g, the direction of steepest descent; returns its slope."""
    for i in range(g.size):
        d[i] = -g[i]
    return -inner(g, g)


def move(w, start, d, t):
    """Let w = start + t * d."""
    for i in range(w.size):
        w[i] = start[i] + t * d[i]


def backtracking(w, d, start, cost, slope, t, c1, decrease, max_trials, value_and_grad):
    """Shorten t until the cost decreases enough; only costs are computed. Returns that length, and the last one tried."""
    if not (is_finite(cost) and is_finite(slope)):
        return nan, t
    for trial in range(max_trials):
        if trial > 0:
            t *= decrease
        move(w, start, d, t)
        if value_and_grad(w, w[:0]) <= cost + c1 * t * slope:
            return t, t
    return 0.0, t


def along(w, g, d, start, t, value_and_grad):
    """Cost and slope at start + t * d; an infinite cost where they aren't finite. Fills g."""
    move(w, start, d, t)
    cost = value_and_grad(w, g)
    slope = inner(g, d)
    if is_finite(cost) and is_finite(slope):
        return cost, slope
    return inf, 0.0


def cubic_minimum(a, cost_a, slope_a, b, cost_b, slope_b, low, high):
    """Where the cubic with these costs and slopes at a and b has its minimum, within [low, high]; else the middle of it.

    Equation 3.59 of Nocedal and Wright.
    """
    if a > b:
        a, cost_a, slope_a, b, cost_b, slope_b = b, cost_b, slope_b, a, cost_a, slope_a
    d1 = slope_a + slope_b - 3 * (cost_a - cost_b) / (a - b)
    squared = d1 * d1 - slope_a * slope_b
    if squared >= 0:
        d2 = sqrt(squared)
        position = b - (b - a) * ((slope_b + d2 - d1) / (slope_b - slope_a + 2 * d2))
        if is_finite(position):
            return min(max(position, low), high)
    return (low + high) / 2


def largest(d):
    """The size of the largest entry of d."""
    size = 0.0
    for i in range(d.size):
        size = max(size, abs(np.float64(d[i])))
    return size


def strong_wolfe(w, g, d, start, cost, slope, t, c1, c2, shortest, max_trials, value_and_grad):
    """A length that meets the strong Wolfe conditions, by cubic interpolation: minFunc's search, as in torch.optim.LBFGS.

    It first lengthens t, up to tenfold a trial, until a minimum lies between two lengths, and then narrows these. It ends
    early, with the best length so far, where they are so close that no weight would change by more than `shortest`.
    """
    if not (is_finite(cost) and is_finite(slope)):
        return nan
    low, cost_low, slope_low = 0.0, cost, slope  # the trial before; then the end of the bracket with the lower cost
    high, cost_high, slope_high = 0.0, cost, slope
    cost_t, slope_t = cost, slope
    unit = largest(d)
    bracketed, near_an_end = False, False
    for trial in range(max_trials):
        if bracketed:
            if abs(high - low) * unit <= shortest:
                break
            left, right = min(low, high), max(low, high)
            t = cubic_minimum(low, cost_low, slope_low, high, cost_high, slope_high, left, right)
            margin = 0.1 * (right - left)
            if min(right - t, t - left) >= margin:
                near_an_end = False
            elif near_an_end or t >= right or t <= left:  # for the second time, or at the end itself: step inside
                t = right - margin if right - t < t - left else left + margin
                near_an_end = False
            else:
                near_an_end = True
        elif trial > 0:
            longer = cubic_minimum(low, cost_low, slope_low, t, cost_t, slope_t, t + 0.01 * (t - low), 10 * t)
            low, cost_low, slope_low, t = t, cost_t, slope_t, longer
        cost_t, slope_t = along(w, g, d, start, t, value_and_grad)
        too_far = cost_t > cost + c1 * t * slope or cost_t >= cost_low
        if not too_far and abs(slope_t) <= -c2 * slope:
            return t
        if bracketed and not too_far:
            if slope_t * (high - low) >= 0:
                high, cost_high, slope_high = low, cost_low, slope_low
            low, cost_low, slope_low = t, cost_t, slope_t
        elif too_far or slope_t >= 0:
            bracketed = True
            high, cost_high, slope_high = t, cost_t, slope_t
            if cost_high < cost_low:
                high, cost_high, slope_high = low, cost_low, slope_low
                low, cost_low, slope_low = t, cost_t, slope_t
    return low if bracketed else t


def cubic_through(low, cost_low, slope_low, high, cost_high, third, cost_third):
    """Where the cubic with this slope at `low`, and these costs at three lengths, has its minimum; NaN if nowhere."""
    x, y = high - low, third - low
    over_x = cost_high - cost_low - slope_low * x
    over_y = cost_third - cost_low - slope_low * y
    scale = 1 / ((x * y) * (x * y) * (x - y))
    a = (y * y * over_x - x * x * over_y) * scale
    b = (x * x * x * over_y - y * y * y * over_x) * scale
    return low + (sqrt(b * b - 3 * a * slope_low) - b) / (3 * a)


def zoom(w, g, d, start, cost, slope, t, c1, c2, shortest, max_trials, value_and_grad):
    """A length that meets the strong Wolfe conditions: algorithms 3.5 and 3.6 of Nocedal and Wright.

    It doubles t until a minimum lies between two lengths, and narrows these by a cubic through three costs, a parabola, or
    halving, whichever first leads well inside. A length whose cost is not below that of the trial before, or of the lower
    end, is not accepted even where it meets both conditions. So does scipy.optimize.line_search, which differs only where
    it comes upon a bracket with its lower end on the right (its margins there have the wrong sign);
    optax.scale_by_zoom_linesearch(approx_dec_rtol=None) does the same but for accepting such a length.

    `shortest`: as for `strong_wolfe`. Where no length is accepted it returns the best with sufficient decrease.
    """
    if not (is_finite(cost) and is_finite(slope)):
        return nan
    low, cost_low, slope_low = 0.0, cost, slope
    high, cost_high, third, cost_third = 0.0, cost, 0.0, cost
    best, cost_best = 0.0, cost
    unit = largest(d)
    bracketed = False
    for trial in range(max_trials):
        if bracketed:  # algorithm 3.6
            if best > 0 and abs(high - low) * unit <= shortest:
                break
            left, right = min(low, high), max(low, high)
            width = right - left
            t = cubic_through(low, cost_low, slope_low, high, cost_high, third, cost_third)
            if not left + 0.2 * width < t < right - 0.2 * width:
                x = high - low
                t = low - slope_low * x * x / (2 * (cost_high - cost_low - slope_low * x))
                if not left + 0.1 * width < t < right - 0.1 * width:
                    t = (low + high) / 2
        elif trial > 0:
            t *= 2
        cost_t, slope_t = along(w, g, d, start, t, value_and_grad)
        enough = cost_t <= cost + c1 * t * slope
        too_far = not enough or (trial > 0 and cost_t >= cost_low)
        if not too_far and abs(slope_t) <= -c2 * slope:
            return t
        if enough and (cost_t < cost_best or best == 0):
            best, cost_best = t, cost_t
        if bracketed:
            if too_far:
                third, cost_third = high, cost_high
                high, cost_high = t, cost_t
            else:
                if slope_t * (high - low) >= 0:
                    third, cost_third = high, cost_high
                    high, cost_high = low, cost_low
                else:
                    third, cost_third = low, cost_low
                low, cost_low, slope_low = t, cost_t, slope_t
        else:  # algorithm 3.5; `low` is the trial before
            bracketed = too_far or slope_t >= 0
            if too_far:
                high, cost_high = t, cost_t
            else:
                if slope_t >= 0:
                    high, cost_high = low, cost_low
                low, cost_low, slope_low = t, cost_t, slope_t
            third, cost_third = low, cost_low
    return best
