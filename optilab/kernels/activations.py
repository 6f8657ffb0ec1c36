"""Activations of neurons and their derivatives, elementwise over flat arrays.

A derivative is given both the pre-activation z and the activation a = f(z), and uses whichever is cheaper.
"""

from math import erf, expm1, log1p, tanh

from optilab.compiler.jit import jit
from optilab.kernels.exponential import exponential, sigmoid

IDENTITY, SIGMOID, TANH, RELU, LEAKY_RELU, ELU, GELU, SILU, SOFTPLUS = range(9)
CODES = {
    "identity": IDENTITY,
    "sigmoid": SIGMOID,
    "tanh": TANH,
    "relu": RELU,
    "leaky_relu": LEAKY_RELU,
    "elu": ELU,
    "gelu": GELU,
    "silu": SILU,
    "softplus": SOFTPLUS,
}
SLOPE = 0.01  # of leaky ReLU below zero
ROOT_HALF = 0.7071067811865476  # sqrt(1/2)
NORMAL = 0.3989422804014327  # 1 / sqrt(2 pi)


@jit
def softplus(z):
    """Softplus log(1 + exp(z)) without overflow: max(z, 0) + log(1 + exp(-|z|))."""
    rest = log1p(exponential(-abs(z)))
    return rest if z < 0 else z + rest


@jit
def activate(kind, z, a):
    """Activation of flat arrays, elementwise: fills a with a = f(z).

    f(z) is z; 1 / (1 + e^-z); tanh z; max(0, z); z or 0.01 z below zero (leaky ReLU); z or e^z - 1 below zero (ELU, Clevert et
    al., 2016); z Phi(z), Phi the normal distribution function (GELU, Hendrycks and Gimpel, 2016); z / (1 + e^-z) (SiLU);
    log(1 + e^z) (softplus).
    """
    n = z.size
    zero = z.dtype.type(0)
    if kind == IDENTITY:
        for i in range(n):
            a[i] = z[i]
    elif kind == SIGMOID:
        for i in range(n):
            a[i] = sigmoid(z[i])
    elif kind == TANH:
        for i in range(n):
            a[i] = tanh(z[i])
    elif kind == RELU:
        for i in range(n):
            a[i] = zero if z[i] < zero else z[i]
    elif kind == LEAKY_RELU:
        for i in range(n):
            a[i] = z[i] if z[i] > 0 else SLOPE * z[i]
    elif kind == ELU:
        for i in range(n):
            a[i] = z[i] if z[i] > 0 else expm1(z[i])
    elif kind == GELU:  # exact: z times the normal distribution function
        for i in range(n):
            a[i] = 0.5 * z[i] * (1 + erf(z[i] * ROOT_HALF))
    elif kind == SILU:
        for i in range(n):
            a[i] = z[i] * sigmoid(z[i])
    else:  # SOFTPLUS
        for i in range(n):
            a[i] = softplus(z[i])


@jit
def scale_by_derivative(kind, z, a, delta):
    """Chain rule through an activation: delta becomes delta * f'(z), elementwise over flat arrays.

    At z = 0, where ReLU and leaky ReLU have a kink, the derivative is that on the left.
    """
    n = z.size
    if kind == SIGMOID:
        for i in range(n):
            delta[i] *= a[i] * (1 - a[i])
    elif kind == TANH:
        for i in range(n):
            delta[i] *= 1 - a[i] * a[i]
    elif kind == RELU:
        for i in range(n):
            if z[i] <= 0:
                delta[i] = 0
    elif kind == LEAKY_RELU:
        for i in range(n):
            if z[i] <= 0:
                delta[i] *= SLOPE
    elif kind == ELU:
        for i in range(n):
            if z[i] <= 0:
                delta[i] *= a[i] + 1
    elif kind == GELU:
        for i in range(n):
            delta[i] *= 0.5 * (1 + erf(z[i] * ROOT_HALF)) + z[i] * NORMAL * exponential(-0.5 * z[i] * z[i])
    elif kind == SILU:
        for i in range(n):
            s = sigmoid(z[i])
            delta[i] *= s * (1 + z[i] * (1 - s))
    elif kind == SOFTPLUS:
        for i in range(n):
            delta[i] *= sigmoid(z[i])
