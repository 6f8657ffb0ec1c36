"""Links that change the gradient's direction or length: centred, normalised, noisy, or its sign alone."""

from math import sqrt

import numpy as np

from optilab import MATRIX, elementwise, hookimpl, norm, vectorwise
from optilab_links.arithmetic import scale


@vectorwise(ranges={"mean_over": "{inputs, outputs}"}, claims=("translation",), link="before")
def centralize(g, layers, mean_over="inputs"):
    """Take the mean out of the gradient of each neuron's weights: `centralize | sgd`.

    g = g - mean(g)     for each column of a weight matrix, equation 1; biases keep theirs

    Yong et al., "Gradient centralization: a new optimization technique for deep neural networks", 2020,
    arXiv:2004.01461. mean_over = "outputs" takes the mean of each row, as optax.centralize does where matrices are
    fan-in by fan-out.
    """
    for layer in layers:
        if layer.kind == MATRIX:
            end = layer.offset + layer.size
            if mean_over == "inputs":
                for first in range(layer.offset, layer.offset + layer.columns):
                    _centre(g[first : end : layer.columns])
            else:
                for first in range(layer.offset, end, layer.columns):
                    _centre(g[first : first + layer.columns])


def _centre(part):
    mean = 0.0
    for i in range(part.size):
        mean += part[i]
    mean = part.dtype.type(mean / part.size)
    for i in range(part.size):
        part[i] -= mean


@vectorwise(ranges={"norm_eps": "[0, inf)"}, claims=("rotation", "sign flips", "translation"), link="before")
def normalize_gradient(g, layers, norm_eps=1e-6, layerwise=False):
    """Give the gradient length 1, so that lr is the length of the step: `normalize_gradient | sgd`.

    g = g / (|g| + norm_eps)

    As optax.normalize_by_update_norm. layerwise: each layer by itself.
    """
    if layerwise:
        for layer in layers:
            _normalize(g[layer.offset : layer.offset + layer.size], norm_eps)
    else:
        _normalize(g, norm_eps)


def _normalize(part, norm_eps):
    length = norm(part) + norm_eps
    if length > 0:
        scale(part, 1 / length)


@elementwise(claims=("gradient scale", "sign flips", "translation"), link="before")
def take_sign(g):
    """Keep nothing of the gradient but its sign: `take_sign | sgd`.

    g = sign(g)

    Bernstein et al., "signSGD: compressed optimisation for non-convex problems", 2018, arXiv:1802.04434; as
    optax.scale_by_sign. After a momentum it is Signum.
    """
    g = np.sign(g)
    return g


@elementwise(ranges={"eta": "[0, inf)", "gamma": "[0, inf)"}, claims=("translation",), link="before")
def add_gradient_noise(g, t, noise, eta=0.01, gamma=0.55):
    """Add normal noise to the gradient, less from step to step: `add_gradient_noise | sgd`.

    g = g + sqrt(eta / t^gamma) * noise     equation 1

    Neelakantan et al., "Adding gradient noise improves learning for very deep networks", 2015, arXiv:1511.06807. As
    optax.add_noise, and of the paper's values for eta the least.
    """
    g += sqrt(eta / t**gamma) * noise
    return g


@hookimpl
def optilab_optimizers():
    return [centralize, normalize_gradient, take_sign, add_gradient_noise]
