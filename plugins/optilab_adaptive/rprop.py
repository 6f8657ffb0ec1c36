"""Rprop (Riedmiller and Braun, 1993, "A direct adaptive method for faster backpropagation learning")."""

import numpy as np

from optilab import elementwise, hookimpl, per_weight


@elementwise(
    batch_size="full",
    states={"size": per_weight("first_step")},
    ranges={
        "first_step": "(0, inf)",
        "eta_minus": "(0, 1)",
        "eta_plus": "(1, inf)",
        "min_step": "(0, inf)",
        "max_step": "(0, inf)",
    },
    claims=("gradient scale", "sign flips", "translation"),
    reference="torch.optim.Rprop(lr=first_step, etas=(eta_minus, eta_plus), step_sizes=(min_step, max_step))",
)
def rprop(w, g, previous, size, first_step=0.01, eta_minus=0.5, eta_plus=1.2, min_step=1e-6, max_step=50.0):
    """Rprop: sign descent with a step size for each weight, which grows until the sign flips, and then shrinks.

    size = size * (eta_plus if sign(g) = previous, eta_minus if sign(g) = -previous, else 1)    from min_step to max_step
    previous = 0 where the sign flipped, else sign(g)
    w = w - size * previous

    Riedmiller and Braun, "A direct adaptive method for faster backpropagation learning: the RPROP algorithm", 1993;
    that a weight waits for a step after a flip is the iRprop- of Igel and Hüsken, "Improving the Rprop learning
    algorithm", 2000. As torch.optim.Rprop, where first_step is called lr, though a schedule of it changes nothing.
    optax.rprop 0.2.8 returns the steps of one call in the next, unless the sign flips meanwhile; its first step is
    zero. Its default batch is all examples, since the signs of a smaller batch's gradient are partly chance.

    Args:
        first_step: what each size starts at.
        eta_minus: what a size is multiplied by when the sign flips, in (0, 1).
        eta_plus: what a size is multiplied by while the sign stays, above 1.
        min_step: the least size.
        max_step: the largest size.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "rprop", steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    agreement = np.sign(g) * previous
    factor = eta_plus if agreement > 0 else eta_minus if agreement < 0 else 1.0
    size = min(max(size * factor, min_step), max_step)
    previous = 0.0 if agreement < 0 else np.sign(g)
    w -= size * previous
    return w, previous, size


@hookimpl
def optilab_optimizers():
    return [rprop]
