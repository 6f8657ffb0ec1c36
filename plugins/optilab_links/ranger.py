"""Ranger (Wright, 2019): RAdam with centralized gradients, under Lookahead."""

from optilab import hookimpl
from optilab_adaptive.radam import radam
from optilab_links.gradients import centralize
from optilab_links.lookahead import lookahead

ranger = (centralize | radam | lookahead).called(
    "ranger",
    """Ranger: RAdam with gradient centralization, under Lookahead: `centralize | radam | lookahead`.

    g = g - mean(g)                                          for each neuron: `centralize`
    w = w - lr * r * m_hat / (sqrt(v_hat) + eps)             `radam`, which has w = w - lr * m_hat at first
    slow = slow + slow_step_size * (w - slow);  w = slow     every sync_period steps: `lookahead`

    Wright, "Ranger: a synergistic optimizer", 2019, with the settings of its code. Cost and accuracy are measured at the slow
    weights.

    Args:
        mean_over: "inputs" of each neuron, whose mean is taken out of its gradient, or "outputs".
        lr: learning rate, about as long as the step of each weight.
        beta1: decay of the mean of the gradients.
        beta2: decay of the mean of their squares.
        eps: added to the root of the second moment.
        threshold: number of gradients that the second moment must be worth before steps are divided by it.
        strict: whether exactly the threshold is too few.
        eps_hat: adds eps before the second moment's bias is corrected, not after it.
        eps_root: added inside the root.
        nesterov: a momentum that is one step ahead.
        sync_period: steps of the fast weights to one of the slow ones.
        slow_step_size: how far the slow weights go towards the fast ones.

    Example:
        >>> import optilab
        >>> xor = {"x_train": [[0, 0], [0, 1], [1, 0], [1, 1]], "y_train": [0, 1, 1, 0], "test_fraction": 0.0}
        >>> problem = optilab.get_problem("network", dataset=xor, hidden=[4])
        >>> run = optilab.train(problem, "ranger", lr=0.2, steps=300)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [0.5, 0.02]
    """,
    beta1=0.95,
    eps=1e-5,
    sync_period=6,
)


@hookimpl
def optilab_optimizers():
    return [ranger]
