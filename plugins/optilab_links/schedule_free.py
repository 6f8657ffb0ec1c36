"""Schedule-free learning (Defazio et al., 2024, "The road less scheduled", arXiv:2405.15682), around any rule."""

from optilab import hookimpl, per_weight, scalar, vectorwise


@vectorwise(
    states={"z": per_weight("w"), "x": per_weight("w"), "highest": scalar(), "total": scalar()},
    ranges={"beta": "[0, 1]", "weight_lr_power": "[0, inf)", "r": "[0, inf)"},
    evaluate_at="x",
    claims=("rotation", "sign flips", "translation"),
    link="after",
)
def schedule_free(w, z, x, highest, total, t, lr, beta=0.9, weight_lr_power=2.0, r=0.0):
    """Schedule-free wrapper: an average replaces the momentum and the schedule of any rule: `sgd | schedule_free`.

    z = z + step of the rule at y                     equation 4
    x = x + c * (z - x)                               equation 5, measured here
    y = (1 - beta) * z + beta * x                     equation 3, w: gradients are those at y

    c is the share of this step in the sum of t^r * (the highest lr so far)^weight_lr_power over all steps: 1 / t at a constant
    learning rate. The rule should have no momentum of its own, as in `adam | schedule_free` with beta1 = 0.

    Defazio et al., 2024, arXiv:2405.15682. As optax.contrib.schedule_free.

    Args:
        lr: learning rate, which the chain's rules share.
        beta: how near to the average the gradient is taken, from 0 (at z) to 1 (at x).
        weight_lr_power: power of the highest lr so far in a step's share of the average.
        r: power of t in a step's share, as in the authors' own code; 0 is a plain mean, more favours late steps.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "sgd | schedule_free", lr=0.1, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(3).tolist()
        [9.72, 0.005]
    """
    highest = max(highest, lr)
    weight = t**r * highest**weight_lr_power
    total += weight
    c = w.dtype.type(weight / total if total > 0 else 0.0)
    for i in range(w.size):
        z[i] += w[i] - (z[i] + beta * (x[i] - z[i]))
        x[i] += c * (z[i] - x[i])
        w[i] = z[i] + beta * (x[i] - z[i])
    return highest, total


@hookimpl
def optilab_optimizers():
    return [schedule_free]
