"""Cautious steps (Liang et al., 2024, "Cautious optimizers: improving training with one line of code", arXiv:2411.16085)."""

from optilab import hookimpl, per_weight, vectorwise


@vectorwise(
    states={"start": per_weight("w", shared=True)},
    ranges={"rescale": "{mean, count, off}"},
    claims=("sign flips", "translation"),
    link="after",
)
def cautious(w, g, start, layers, rescale="mean"):
    """Cautious optimizers: only the weights whose step goes down the present gradient move: `adam | cautious`.

    step = step * mask * rescaling     mask = 1 where step * g < 0, else 0

    Liang et al., 2024, arXiv:2411.16085. The rescaling makes up for steps left out, for each layer of n weights.

    The step is how far the weights moved since the end of this link in the step before, or since `remember_start` in this
    one. So what is to be left alone, such as weight decay, stands outside of both:
    `remember_start | adam | cautious | weight_decay` is the paper's AdamW.

    Args:
        rescale: "mean" divides by the mean of the mask, at least 1/1000, as the authors' present code and timm; "count"
            multiplies by n / (1 + sum of the mask), as algorithm 1 of the paper; "off" does neither.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "adam | cautious", lr=0.05, steps=50)
        >>> run.history["train_cost"].iloc[[0, -1]].round(3).tolist()
        [9.72, 0.002]
    """
    for layer in layers:
        first, end = layer.offset, layer.offset + layer.size
        _mask(w[first:end], g[first:end], start[first:end], rescale)


def _mask(w, g, start, rescale):
    kept = 0
    for i in range(w.size):
        kept += 0 if (w[i] - start[i]) * g[i] >= 0 else 1  # a step that is not a number is kept, and seen
    factor = 1.0
    if rescale == "mean":
        factor = 1 / max(kept / w.size, 1e-3)
    elif rescale == "count":
        factor = w.size / (1 + kept)
    factor, none = w.dtype.type(factor), w.dtype.type(0)
    for i in range(w.size):
        step = w[i] - start[i]
        start[i] += (none if step * g[i] >= 0 else factor) * step
        w[i] = start[i]


@hookimpl
def optilab_optimizers():
    return [cautious]
