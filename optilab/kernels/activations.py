"""Activations of neurons and their derivatives, elementwise over flat arrays.

A derivative is computed from the pre-activation z or the activation a = f(z), whichever is cheaper; those that share most of their
work with the activation are computed with it.
"""

from optilab.compiler.jit import jit
from optilab.kernels.elementary import expm1, normal_cdf, softplus, tanh
from optilab.kernels.exponential import exponential, sigmoid
from optilab.kernels.vectors import stay_apart

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
NORMAL, FAR = 0.3989422804014327, 40.0  # 1 / sqrt(2 pi), and where exp(-x^2 / 2) is below 1e-300


@jit
def activate(kind, z, a):
    """Activation of flat arrays, elementwise: fills a with a = f(z).

    f(z) is z; 1 / (1 + e^-z); tanh z; max(0, z); z or 0.01 z below zero (leaky ReLU); z or e^z - 1 below zero (ELU, Clevert et
    al., 2016); z Phi(z), Phi the normal distribution function (GELU, Hendrycks and Gimpel, 2016); z / (1 + e^-z) (SiLU);
    log(1 + e^z) (softplus).
    """
    stay_apart()
    n = z.size
    real = z.dtype.type  # a number of Python's would turn float32 into float64
    zero, half = real(0), real(0.5)
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
            a[i] = z[i] if z[i] > zero else real(SLOPE) * z[i]
    elif kind == ELU:
        for i in range(n):
            below = expm1(min(z[i], zero))
            a[i] = z[i] if z[i] > zero else below
    elif kind == GELU:  # exact: z times the normal distribution function
        for i in range(n):
            a[i] = z[i] * normal_cdf(z[i], exponential(-half * z[i] * z[i]))
    elif kind == SILU:
        for i in range(n):
            a[i] = sigmoid(z[i])
        # Apart: in one loop the compiler divides z by 1 + e^-z, whose last bit is another than where a gradient follows.
        for i in range(n):
            a[i] *= z[i]
    else:  # SOFTPLUS
        for i in range(n):
            a[i] = softplus(z[i])


@jit
def activate_for_gradient(kind, z, a):
    """Fill a as `activate` does, and make z ready for `scale_by_derivative`: under GELU and SiLU it becomes f'(z)."""
    stay_apart()
    n = z.size
    real = z.dtype.type
    half, one = real(0.5), real(1)
    if kind == GELU:
        for i in range(n):
            bell = exponential(-half * z[i] * z[i])
            cdf = normal_cdf(z[i], bell)
            within = min(max(z[i], -real(FAR)), real(FAR))  # farther off the bell of float32 stays as it is
            a[i] = z[i] * cdf
            z[i] = cdf + within * (real(NORMAL) * bell)
    elif kind == SILU:
        for i in range(n):
            s = sigmoid(z[i])
            a[i] = z[i] * s
            z[i] = s * (one + z[i] * (one - s))
    else:
        activate(kind, z, a)


@jit
def scale_by_derivative(kind, z, a, delta):
    """Chain rule through an activation: delta becomes delta * f'(z), elementwise over flat arrays.

    z, a: as `activate_for_gradient` leaves them. At z = 0, where ReLU and leaky ReLU have a kink, the derivative is that on the left.
    """
    stay_apart()
    n = z.size
    real = z.dtype.type
    one = real(1)
    if kind == SIGMOID:
        for i in range(n):
            delta[i] *= a[i] * (one - a[i])
    elif kind == TANH:
        for i in range(n):
            delta[i] *= one - a[i] * a[i]
    elif kind == RELU:
        for i in range(n):
            if z[i] <= 0:
                delta[i] = 0
    elif kind == LEAKY_RELU:
        for i in range(n):
            if z[i] <= 0:
                delta[i] *= real(SLOPE)
    elif kind == ELU:
        for i in range(n):
            if z[i] <= 0:
                delta[i] *= a[i] + one
    elif kind in (GELU, SILU):
        for i in range(n):
            delta[i] *= z[i]
    elif kind == SOFTPLUS:
        for i in range(n):
            delta[i] *= sigmoid(z[i])
