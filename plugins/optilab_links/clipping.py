"""Clipping: gradients that are too long are shortened, by weight, by layer, by unit, or all together."""

from math import copysign, sqrt

from optilab import MATRIX, elementwise, hookimpl, norm, vectorwise
from optilab_links.arithmetic import scale

WHOLE = {"max_norm": "(0, inf)", "norm_eps": "[0, inf)"}


@elementwise(ranges={"max_value": "(0, inf)"}, claims=("sign flips", "translation"), link="before")
def clip_by_value(g, max_value=1.0):
    """Cut each entry of the gradient off at max_value, above and below: `clip_by_value | sgd`.

    g = min(max(g, -max_value), max_value)

    As optax.clip, torch.nn.utils.clip_grad_value_ and Keras' clipvalue.
    """
    if abs(g) > max_value:
        g = copysign(max_value, g)
    return g


@vectorwise(ranges=WHOLE, claims=("rotation", "sign flips", "translation"), link="before")
def clip_by_global_norm(g, max_norm=1.0, norm_eps=0.0):
    """Shorten the gradient where it is longer than max_norm: `clip_by_global_norm | sgd`.

    g = g * min(1, max_norm / (|g| + norm_eps))

    Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", 2013, arXiv:1211.5063. As
    optax.clip_by_global_norm and Keras' global_clipnorm; norm_eps = 1e-6 is torch.nn.utils.clip_grad_norm_.
    """
    length = norm(g) + norm_eps
    if length > max_norm:
        scale(g, max_norm / length)


@vectorwise(ranges={**WHOLE, "measure": "{norm, rms}"}, claims=("sign flips", "translation"), link="before")
def clip_by_layer_norm(g, layers, max_norm=1.0, norm_eps=0.0, measure="norm"):
    """Shorten the gradient of each layer, a matrix or a bias, that is longer than max_norm: `clip_by_layer_norm | sgd`.

    g = g * min(1, max_norm / (|g| + norm_eps))     for each layer

    measure: of the length, "norm" as Keras' clipnorm, or "rms", the root mean square, as optax.clip_by_block_rms.
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
    """Shorten the gradient of each unit where it is long for that unit's weights: `adaptive_gradient_clipping | sgd`.

    g = g * min(1, clipping * max(|w|, min_norm) / |g|)     for each unit, equation 3

    A unit is a column of a weight matrix, the weights into one neuron; a bias vector is one unit, as in
    optax.adaptive_grad_clip. Brock et al., "High-performance large-scale image recognition without normalization", 2021,
    arXiv:2102.06171.
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
