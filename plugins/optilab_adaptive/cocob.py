"""COCOB (Orabona and Tommasi, 2017, "Training deep networks without learning rates through coin betting", arXiv:1705.07795)."""

from optilab import elementwise, hookimpl, per_weight


@elementwise(
    states={"largest": per_weight("eps"), "first": per_weight("w")},
    ranges={"alpha": "(0, inf)", "eps": "(0, inf)"},
    claims=("sign flips", "translation"),
    reference="optax.contrib.cocob(alpha=alpha, eps=eps)",
)
def cocob(w, g, theta, largest, absolute, reward, first, alpha=100.0, eps=1e-8):
    """COCOB: no learning rate; each weight's way from its start is a bet, paid by what earlier bets have won.

    largest = max(largest, |g|)                          L of the paper; starts at eps
    absolute = absolute + |g|                            G
    reward = max(reward - g * (w - first weights), 0)
    theta = theta - g
    w = first weights + theta * (largest + reward) / (largest * max(absolute + largest, alpha * largest))

    Algorithm 2 (COCOB-Backprop) of Orabona and Tommasi, "Training deep networks without learning rates through coin
    betting", 2017, arXiv:1705.07795. As optax.contrib.cocob, which multiplies each gradient by a learning rate first;
    its weight_decay is `l2 | cocob`.

    Args:
        alpha: what the first steps are shortened by; the paper's 100, where a first step is of the length 1 / alpha.
        eps: what the largest gradient starts at, above 0.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "cocob", steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    largest = max(largest, abs(g))
    absolute += abs(g)
    reward = max(reward - g * (w - first), 0.0)
    theta -= g
    w = first + theta * (largest + reward) / (largest * max(absolute + largest, alpha * largest))
    return w, theta, largest, absolute, reward


@hookimpl
def optilab_optimizers():
    return [cocob]
