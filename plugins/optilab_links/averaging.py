"""Averages of the weights along the way, at which cost and accuracy are measured; the steps themselves don't change."""

from typing import Any

from optilab import elementwise, hookimpl, per_weight

AVERAGE: dict[str, Any] = {
    "states": {"average": per_weight("w")},
    "evaluate_at": "average",
    "claims": ("rotation", "sign flips", "translation"),
    "link": "after",
}


@elementwise(ranges={"decay": "[0, 1)"}, **AVERAGE)
def ema(w, average, t, decay=0.999, debias=False):
    """Exponential moving average of the weights: cost and accuracy are measured at it: `adam | ema`.

    average = decay * average + (1 - decay) * w

    It begins with the weights after the first step, as torch.optim.swa_utils.AveragedModel with get_ema_multi_avg_fn. The steps
    themselves don't change. Tarvainen and Valpola, "Mean teachers are better role models", 2017, arXiv:1703.01780.

    Args:
        decay: share of the average that is kept in each step; about 1 / (1 - decay) steps count.
        debias: begins at zero instead, and divides by 1 - decay^t, as optax.ema; then the first steps count no more than
            others.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "sgd | ema", lr=0.05, decay=0.9, steps=50)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.03]
    """
    share = 1 - decay
    if debias:
        share /= 1 - decay**t
    elif t == 1:
        share = 1.0
    average += share * (w - average)
    return average


@elementwise(ranges={"start": "{0, 1, ...}"}, **AVERAGE)
def polyak_averaging(w, average, t, start=0):
    """Polyak averaging: cost and accuracy are measured at the mean of the weights so far: `sgd | polyak_averaging`.

    average = average + (w - average) / (t - start)

    Until step `start` the average is w itself; the steps themselves don't change. Polyak and Juditsky, "Acceleration of
    stochastic approximation by averaging", 1992; torch.optim.ASGD averages so from step t0. Ruppert found it too, 1988.

    Args:
        start: steps that are left out of the mean; 0 for none.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "sgd | polyak_averaging", lr=0.05, start=20, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.01]
    """
    average = w if t <= start else _mean(average, w, t - start)
    return average


@elementwise(ranges={"start": "{0, 1, ...}", "interval": "{1, 2, ...}"}, **AVERAGE)
def swa(w, average, t, start=0, interval=100):
    """SWA: stochastic weight averaging, measured at the mean of weights `interval` steps apart: `sgd | swa`.

    average = average + (w - average) / n     at step start + n * interval, n = 1, 2, ...

    Until the first of them the average is w itself; the steps themselves don't change. Izmailov et al., "Averaging weights leads
    to wider optima and better generalization", 2018, arXiv:1803.05407, who average once an epoch after three quarters of the
    training, at a constant or cyclic learning rate. As torch.optim.swa_utils.AveragedModel.

    Args:
        start: steps that are left out of the mean; 0 for none.
        interval: steps from one of the averaged weights to the next, such as those of an epoch.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "sgd | swa", lr=0.05, start=50, interval=10, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(3).tolist()
        [9.72, 0.001]
    """
    if t <= start + interval:
        average = w
    elif (t - start) % interval == 0:
        average = _mean(average, w, (t - start) / interval)
    return average


def _mean(others, value, n):
    """The mean of n numbers: `value`, and n - 1 whose mean is `others`."""
    return others + (value - others) / n


@hookimpl
def optilab_optimizers():
    return [ema, polyak_averaging, swa]
