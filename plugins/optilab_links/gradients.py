"""Links that change the gradient's direction or length: centred, normalised, noisy, or its sign alone."""

from math import sqrt

import numpy as np

from optilab import MATRIX, elementwise, hookimpl, norm, vectorwise
from optilab_links.arithmetic import scale


@vectorwise(ranges={"mean_over": "{inputs, outputs}"}, claims=("translation",), link="before")
def centralize(g, layers, mean_over="inputs"):
    """Gradient centralization: the mean is taken out of the gradient of each neuron's weights: `centralize | sgd`.

    g = g - mean(g)     for each column of a weight matrix, equation 1; biases keep theirs

    Yong et al., "Gradient centralization: a new optimization technique for deep neural networks", 2020, arXiv:2004.01461.

    Args:
        mean_over: "inputs" of each neuron, or "outputs", the mean of each row, as optax.centralize takes it where matrices
            are fan-in by fan-out.

    Example:
        >>> import optilab
        >>> xor = {"x_train": [[0, 0], [0, 1], [1, 0], [1, 1]], "y_train": [0, 1, 1, 0], "test_fraction": 0.0}
        >>> problem = optilab.get_problem("network", dataset=xor, hidden=[4])
        >>> run = optilab.train(problem, "centralize | adam", lr=0.1, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [0.5, 0.02]
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
    """Normalized gradient: scaled to length 1, so that lr is the length of the step: `normalize_gradient | sgd`.

    g = g / (|g| + norm_eps)

    Hazan, Levy and Shalev-Shwartz, "Beyond convexity: stochastic quasi-convex optimization", 2015, arXiv:1507.02030. As
    optax.normalize_by_update_norm.

    Args:
        norm_eps: added to the norm, so that a gradient of zero stays zero.
        layerwise: normalizes each layer by itself.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "normalize_gradient | sgd", lr=0.03, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(3).tolist()
        [9.72, 0.001]
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
    """Sign of the gradient: each of its entries becomes 1, 0 or -1, as in signSGD: `take_sign | sgd`.

    g = sign(g)

    Bernstein et al., "signSGD: compressed optimisation for non-convex problems", 2018, arXiv:1802.04434; as
    optax.scale_by_sign. After a momentum it is Signum.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "take_sign | sgd", lr=0.022, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(3).tolist()
        [9.72, 0.004]
    """
    g = np.sign(g)
    return g


@elementwise(ranges={"eta": "[0, inf)", "gamma": "[0, inf)"}, claims=("translation",), link="before")
def add_gradient_noise(g, t, noise, eta=0.01, gamma=0.55):
    """Gradient noise: normal noise is added to the gradient, less from step to step: `add_gradient_noise | sgd`.

    g = g + sqrt(eta / t^gamma) * noise     equation 1

    Neelakantan et al., "Adding gradient noise improves learning for very deep networks", 2015, arXiv:1511.06807. As
    optax.add_noise.

    Args:
        eta: variance of the noise in the first step; the default is the least of the paper's values.
        gamma: how fast the variance falls with the steps; 0 keeps it as it is.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "add_gradient_noise | sgd", lr=0.05, steps=50)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.01]
    """
    g += sqrt(eta / t**gamma) * noise
    return g


@hookimpl
def optilab_optimizers():
    return [centralize, normalize_gradient, take_sign, add_gradient_noise]
