"""Lookahead (Zhang et al., 2019, "Lookahead optimizer: k steps forward, 1 step back", arXiv:1907.08610)."""

from optilab import elementwise, hookimpl, per_weight


@elementwise(
    states={"slow": per_weight("w")},
    ranges={"sync_period": "{1, 2, ...}", "slow_step_size": "[0, 1]"},
    evaluate_at="slow",
    claims=("rotation", "sign flips", "translation"),
    link="after",
)
def lookahead(w, slow, t, sync_period=5, slow_step_size=0.5):
    """Lookahead: slow weights follow those of any rule, which return to them every few steps: `adam | lookahead`.

    slow = slow + slow_step_size * (w - slow);  w = slow     every sync_period steps, algorithm 1

    Zhang et al., 2019, arXiv:1907.08610. Gradients are taken at w, the fast weights; cost and accuracy are measured at the slow
    ones, as in the paper and in optax.lookahead with reset_state=False: the rule keeps its own state. The defaults are those of
    the paper's code.

    Args:
        sync_period: steps of the fast weights to one of the slow ones: the paper's k.
        slow_step_size: how far the slow weights go towards the fast ones: the paper's alpha; 1 goes all the way.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "adam | lookahead", lr=0.2, steps=50)
        >>> run.history["train_cost"].iloc[[0, -1]].round(4).tolist()
        [9.72, 0.0002]
    """
    if t % sync_period == 0:
        slow += slow_step_size * (w - slow)
        w = slow
    return w, slow


@hookimpl
def optilab_optimizers():
    return [lookahead]
