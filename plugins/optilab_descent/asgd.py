"""Averaged stochastic gradient descent (Polyak and Juditsky, 1992, "Acceleration of stochastic approximation by averaging")."""

from optilab import elementwise, hookimpl, per_weight


@elementwise(
    lr=0.01,
    states={"average": per_weight("w")},
    ranges={"lambd": "[0, inf)", "alpha": "[0, inf)", "t0": "[0, inf)"},
    evaluate_at="average",
    claims=("rotation", "sign flips"),
    reference="torch.optim.ASGD(lr=lr, lambd=lambd, alpha=alpha, t0=t0)",
)
def asgd(w, g, average, t, lr, lambd=1e-4, alpha=0.75, t0=1e6):
    """Averaged SGD: SGD whose steps shrink slowly, measured at the average of its weights from step t0 on.

    eta = lr / (1 + lambd * lr * (t - 1))^alpha
    w = w - eta * (g + lambd * w)
    average = average + (w - average) / max(1, t - 1 - t0)

    Until step t0 + 2 the average is w itself. Cost and accuracy are measured at the average.

    Polyak and Juditsky, 1992; the steps and the shrinking by lambd are those of Bottou, "Stochastic gradient descent
    tricks", 2012, section 5. As torch.optim.ASGD, which applies a scheduled lr one step late and computes eta in single
    precision; its weight_decay is `l2 | asgd`.

    Args:
        lr: learning rate of the first step.
        lambd: L2 regularization, which also sets how soon the steps shrink; 0 keeps them at lr.
        alpha: power at which the steps shrink; 0 keeps them at lr.
        t0: step from which on weights are averaged; the default, a million, is never reached in a short run.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "asgd", lr=0.05, t0=50, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(3).tolist()
        [9.72, 0.001]
    """
    eta = lr / (1 + lambd * lr * (t - 1)) ** alpha
    w -= eta * (g + lambd * w)
    average = w if t <= t0 + 2 else average + (w - average) / (t - 1 - t0)
    return w, average


@hookimpl
def optilab_optimizers():
    return [asgd]
