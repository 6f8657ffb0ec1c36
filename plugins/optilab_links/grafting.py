"""Grafting (Agarwal et al., 2020, "Disentangling adaptive gradient methods from learning rates", arXiv:2002.11803)."""

from optilab import elementwise, hookimpl, norm, per_weight, vectorwise

START = {"start": per_weight("w", shared=True)}
DIRECTION = {"direction": per_weight(shared=True)}


@elementwise(states=START, claims=("rotation", "sign flips", "translation"), link="before")
def remember_start(w, start):
    """Grafting: marks where the step begins that `take_direction`, `take_length` and `cautious` see.

    start = w

    Needed only if something else moves the weights at the end of the chain, or before this link, such as weight decay:
    without it the step begins where these links left the weights the last time. For the chains of Agarwal et al., 2020,
    arXiv:2002.11803, and Liang et al., 2024, arXiv:2411.16085.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "remember_start | adam | cautious | weight_decay", lr=0.05, steps=50)
        >>> run.history["train_cost"].iloc[[0, -1]].round(3).tolist()
        [9.72, 0.002]
    """
    start = w
    return start


@vectorwise(states={**START, **DIRECTION}, claims=("sign flips", "translation"), link="before")
def take_direction(w, start, direction):
    """Grafting: keeps the direction of the step so far, and goes back: `sgd | take_direction | adam | take_length`.

    direction = w - start;  w = start

    The first half of algorithm 1 of Agarwal et al., 2020, arXiv:2002.11803; the other is `take_length`.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "sgd | take_direction | adam | take_length", lr=0.05, steps=60)
        >>> run.history["train_cost"].iloc[[0, -1]].round(3).tolist()
        [9.72, 0.001]
    """
    for i in range(w.size):
        direction[i] = w[i] - start[i]
        w[i] = start[i]


@vectorwise(states={**START, **DIRECTION}, claims=("sign flips", "translation"), link="after")
def take_length(w, start, direction, layers, layerwise=True):
    """Grafting: steps in the direction of one rule, as far as another: `sgd | take_direction | adam | take_length`.

    w = start + direction * |w - start| / |direction|     for each layer, algorithm 1

    Agarwal et al., 2020, arXiv:2002.11803, who call this chain, with Adam's lengths in SGD's directions, Adam#SGD. Both rules
    keep their own states along the common path. Where the first rule doesn't move, nothing does.

    Args:
        layerwise: takes the length for each layer; without it that of the whole step.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "sgd | take_direction | adam | take_length", lr=0.05, steps=60)
        >>> run.history["train_cost"].iloc[[0, -1]].round(3).tolist()
        [9.72, 0.001]
    """
    if layerwise:
        for layer in layers:
            first, end = layer.offset, layer.offset + layer.size
            _graft(w[first:end], start[first:end], direction[first:end])
    else:
        _graft(w, start, direction)


def _graft(w, start, direction):
    for i in range(w.size):
        w[i] -= start[i]
    own = norm(direction)
    factor = w.dtype.type(0.0 if own == 0 else norm(w) / own)
    for i in range(w.size):
        w[i] = start[i] + factor * direction[i]
        start[i] = w[i]


@hookimpl
def optilab_optimizers():
    return [remember_start, take_direction, take_length]
