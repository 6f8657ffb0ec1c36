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
    """Measure at an exponential moving average of the weights: `adam | ema`.

    average = decay * average + (1 - decay) * w

    It begins with the weights after the first step, as torch.optim.swa_utils.AveragedModel with get_ema_multi_avg_fn.
    debias: it begins at zero instead, and is divided by 1 - decay^t, as optax.ema; then the first steps count no more
    than others.
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
    """Measure at the mean of the weights of all steps after `start`: `sgd | polyak_averaging`.

    average = average + (w - average) / (t - start)

    Until then at the weights themselves. Polyak and Juditsky, "Acceleration of stochastic approximation by averaging",
    1992; torch.optim.ASGD averages so from step t0. Ruppert found it too, 1988.
    """
    average = w if t <= start else _mean(average, w, t - start)
    return average


@elementwise(ranges={"start": "{0, 1, ...}", "interval": "{1, 2, ...}"}, **AVERAGE)
def swa(w, average, t, start=0, interval=100):
    """Measure at the mean of the weights after every `interval` steps: stochastic weight averaging, `sgd | swa`.

    average = average + (w - average) / n     at step start + n * interval, n = 1, 2, ...

    Until the first of them at the weights themselves. Izmailov et al., "Averaging weights leads to wider optima and better
    generalization", 2018, arXiv:1803.05407, after three quarters of the training once an epoch, at a constant or cyclic
    learning rate; as torch.optim.swa_utils.AveragedModel.
    """
    if t <= start + interval:
        average = w
    elif (t - start) % interval == 0:
        average = _mean(average, w, (t - start) / interval)
    return average


def _mean(others, value, n):
    """The mean of n numbers, of which one is `value`, and of the others the mean is known."""
    return others + (value - others) / n


@hookimpl
def optilab_optimizers():
    return [ema, polyak_averaging, swa]
