"""Schedules that follow the measurements of a run."""

from math import copysign, inf, isnan

from optilab import InputError, feedback, hookimpl


@feedback(
    ranges={
        "factor": "(0, 1)",
        "patience": "{0, 1, ...}",
        "threshold": "[0, 1)",
        "cooldown": "{0, 1, ...}",
        "floor": "[0, 1]",
        "mode": "{auto, min, max}",
        "threshold_mode": "{rel, abs}",
        "eps": "[0, inf)",
        "accumulation": "{1, 2, ...}",
    }
)
def reduce_on_plateau(
    monitor="train_cost",
    factor=0.1,
    patience=10,
    threshold=1e-4,
    cooldown=0,
    floor=0.0,
    *,
    mode="auto",
    threshold_mode="rel",
    eps=0.0,
    accumulation=1,
):
    """Reduce on plateau: multiplied by factor when a measure has stopped getting better.

    In mode min a measure has got better when it is below the best so far by more than threshold * |best|, in mode max when it is
    above it by as much. Measurements count here, not steps.

    torch's ReduceLROnPlateau where the best is not negative: there its margin, threshold * best, has the wrong sign. Its
    min_lr and eps are floor and eps times lr, and its eps is 1e-8. optax's
    contrib.reduce_on_plateau waits one measurement less, so that its patience is one more than here; rtol is threshold in
    mode rel, atol in mode abs, and both at once are not possible.

    Args:
        monitor: a column of the history.
        factor: of each reduction.
        patience: measurements without getting better that are waited for; one more, and it is reduced.
        threshold: margin by which a measure must get better.
        cooldown: measurements after a reduction that don't count.
        floor: the multiplier never falls below it.
        mode: "min", "max", or "auto", which is max for accuracies and min for everything else; a cost to be as high as
            possible, or an accuracy as low, is refused.
        threshold_mode: "rel", a share of |best|, or "abs", the margin itself.
        eps: a reduction by no more than this is left out.
        accumulation: measurements that are averaged, and count as one.

    InputError if the mode contradicts the monitor, and, in a run, if that isn't measured on its problem.
    """
    sign = _sign(monitor, mode)
    multiplier = 1.0
    best = sign * inf
    bad = cooling = 0
    while True:
        total = 0.0
        for _ in range(accumulation):
            measured = (yield multiplier)[monitor]
            if isnan(measured):
                raise InputError(f"reduce_on_plateau: {monitor} is not measured on this problem")
            total += measured
        average = total / accumulation
        margin = copysign(threshold, best)  # threshold * |best| is a share of best with the sign of best
        better = best * (1 - sign * margin) if threshold_mode == "rel" else best - sign * threshold
        if sign * average < sign * better:
            best, bad = average, 0
        else:
            bad += 1
        if cooling > 0:
            cooling, bad = cooling - 1, 0
        if bad > patience:
            reduced = max(multiplier * factor, floor)
            if multiplier - reduced > eps:
                multiplier = reduced
            cooling, bad = cooldown, 0


def _sign(monitor, mode):
    """1 where lower values of the measure are better, -1 where higher ones are."""
    natural = {"cost": "min", "accuracy": "max"}.get(monitor.rpartition("_")[2])
    if natural and mode not in ("auto", natural):
        better = "lower" if natural == "min" else "higher"
        raise InputError(
            f'reduce_on_plateau: mode = "{mode}" contradicts monitor = "{monitor}", which is better the {better} it is; '
            f'leave mode out, or write "{natural}"'
        )
    return -1 if "max" in (mode, natural) else 1


@hookimpl
def optilab_schedules():
    return [reduce_on_plateau]
