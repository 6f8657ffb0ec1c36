"""Clipping: gradients that are too long are shortened, by weight, by layer, by unit, or all together."""

from math import copysign, sqrt

from optilab import MATRIX, elementwise, hookimpl, norm, vectorwise
from optilab_links.arithmetic import scale

WHOLE = {"max_norm": "(0, inf)", "norm_eps": "[0, inf)"}


@elementwise(ranges={"max_value": "(0, inf)"}, claims=("sign flips", "translation"), link="before")
def clip_by_value(g, max_value=1.0):
    """Clipping by value: each entry of the gradient is cut off at plus and minus max_value: `clip_by_value | sgd`.

    g = min(max(g, -max_value), max_value)

    Mikolov, "Statistical language models based on neural networks", 2012. As optax.clip, torch.nn.utils.clip_grad_value_ and
    Keras' clipvalue.

    Args:
        max_value: the largest size of an entry; this may change the gradient's direction.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "clip_by_value | sgd", lr=0.05, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(4).tolist()
        [9.72, 0.0001]
    """
    if abs(g) > max_value:
        g = copysign(max_value, g)
    return g


@vectorwise(ranges=WHOLE, claims=("rotation", "sign flips", "translation"), link="before")
def clip_by_global_norm(g, max_norm=1.0, norm_eps=0.0):
    """Clipping by global norm: a gradient longer than max_norm is scaled down to it: `clip_by_global_norm | sgd`.

    g = g * min(1, max_norm / (|g| + norm_eps))

    Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", 2013, arXiv:1211.5063. As
    optax.clip_by_global_norm and Keras' global_clipnorm.

    Args:
        max_norm: the largest norm of the gradient of all weights together; its direction stays.
        norm_eps: added to the norm; 1e-6 is torch.nn.utils.clip_grad_norm_.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "clip_by_global_norm | sgd", lr=0.05, steps=50)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.06]
    """
    length = norm(g) + norm_eps
    if length > max_norm:
        scale(g, max_norm / length)


@vectorwise(ranges={**WHOLE, "measure": "{norm, rms}"}, claims=("sign flips", "translation"), link="before")
def clip_by_layer_norm(g, layers, max_norm=1.0, norm_eps=0.0, measure="norm"):
    """Clipping by layer norm: each layer's gradient is scaled down by itself: `clip_by_layer_norm | sgd`.

    g = g * min(1, max_norm / (|g| + norm_eps))     for each layer, a matrix or a bias

    The clipping of Pascanu, Mikolov and Bengio, 2013, arXiv:1211.5063, layer by layer: a layer with a large gradient doesn't
    slow down the others. As Keras' clipnorm, and with measure = "rms" as optax.clip_by_block_rms.

    Args:
        max_norm: the largest norm of a layer's gradient.
        norm_eps: added to the norm.
        measure: "norm", or "rms", the root mean square of the entries.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "clip_by_layer_norm | sgd", lr=0.05, steps=50)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.06]
    """
    for layer in layers:
        part = g[layer.offset : layer.offset + layer.size]
        length = norm(part) + norm_eps
        if measure == "rms":
            length /= sqrt(layer.size)
        if length > max_norm:
            scale(part, max_norm / length)


@vectorwise(ranges={"clipping": "(0, inf)", "min_norm": "[0, inf)"}, claims=("sign flips",), link="before")
def adaptive_gradient_clipping(w, g, layers, clipping=0.01, min_norm=1e-3):
    """Adaptive gradient clipping: each neuron's gradient is kept below a fraction of the norm of its weights.

    g = g * min(1, clipping * max(|w|, min_norm) / |g|)     for each unit, equation 3

    A unit is a column of a weight matrix, the weights into one neuron; a bias vector is one unit, as in
    optax.adaptive_grad_clip. Brock et al., "High-performance large-scale image recognition without normalization", 2021,
    arXiv:2102.06171. In a chain: `adaptive_gradient_clipping | sgd`.

    Args:
        clipping: the largest ratio of a unit's gradient to its weights; the paper's 0.01 is for batches of 4,096.
        min_norm: the least that |w| counts as, so that weights of zero can move.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "adaptive_gradient_clipping | sgd", lr=0.05, clipping=1, steps=50)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.02]
    """
    for layer in layers:
        units = layer.columns if layer.kind == MATRIX else 1
        for first in range(layer.offset, layer.offset + units):
            part = g[first : layer.offset + layer.size : units]
            longest = clipping * max(norm(w[first : layer.offset + layer.size : units]), min_norm)
            length = norm(part)
            if length > longest:
                scale(part, longest / length)


@hookimpl
def optilab_optimizers():
    return [clip_by_value, clip_by_global_norm, clip_by_layer_norm, adaptive_gradient_clipping]
