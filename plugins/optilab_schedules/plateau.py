"""A schedule that watches the run."""

from math import isnan

from optilab import InputError, feedback, hookimpl


@feedback(
    ranges={
        "factor": "(0, 1)",
        "patience": "[0, inf)",
        "threshold": "[0, 1)",
        "cooldown": "[0, inf)",
        "floor": "[0, 1]",
    }
)
def reduce_on_plateau(monitor="train_cost", factor=0.1, patience=10, threshold=1e-4, cooldown=0, floor=0.0):
    """Multiply by factor when a cost has not fallen for more than `patience` measurements.

    A cost has fallen when it is below (1 - threshold) times the lowest so far. After a reduction, `cooldown`
    measurements don't count. monitor names a column of the history. As torch's ReduceLROnPlateau.
    """
    multiplier = 1.0
    lowest = float("inf")
    bad = cooling = 0
    while True:
        measured = (yield multiplier)[monitor]
        if isnan(measured):
            raise InputError(f"reduce_on_plateau: {monitor} is not measured on this problem")
        if measured < lowest * (1 - threshold):
            lowest, bad = measured, 0
        else:
            bad += 1
        if cooling > 0:
            cooling, bad = cooling - 1, 0
        if bad > patience:
            multiplier, cooling, bad = max(multiplier * factor, floor), cooldown, 0


@hookimpl
def optilab_schedules():
    return [reduce_on_plateau]
