"""Costs of a block of examples: the sum over the block, and the derivative against the last layer.

Quadratic and Huber compare the last activations a with the targets y. The two cross-entropies are written against the
last pre-activations z, so that softmax and sigmoid never overflow; their last layer has the identity as activation.
"""

from optilab.compiler.jit import jit
from optilab.kernels.elementary import softplus
from optilab.kernels.exponential import sigmoid
from optilab.kernels.softmax import softmax_cost
from optilab.kernels.vectors import place, stay_apart

QUADRATIC, CROSS_ENTROPY, BINARY_CROSS_ENTROPY, HUBER = range(4)
CODES = {
    "quadratic": QUADRATIC,
    "cross_entropy": CROSS_ENTROPY,
    "binary_cross_entropy": BINARY_CROSS_ENTROPY,
    "huber": HUBER,
}


@jit
def cost_and_delta(kind, a, y, huber_delta, weight, delta):
    """Cost of the outputs `a` against the targets `y`, [example, output], summed over examples; fills `delta` with weight dC/da.

    quadratic: sum_j (a_j - y_j)^2. cross_entropy: -sum_j y_j log softmax(a)_j. binary_cross_entropy: sum_j softplus(a_j) - y_j a_j.
    huber: of e = a_j - y_j, e^2 / 2 up to |e| = d = huber_delta, and d (|e| - d / 2) beyond (Huber, 1964).
    """
    stay_apart()
    examples, outputs = a.shape
    n = a.size
    a, y, delta = a.reshape(n), y.reshape(n), delta.reshape(n)
    total = 0.0
    if kind == QUADRATIC:  # sum_j (a_j - y_j)^2
        for i in range(n):
            error = a[i] - y[i]
            total += error * error
            delta[i] = 2 * weight * error
    elif kind == CROSS_ENTROPY:  # -sum_j y_j log softmax(a)_j
        total = softmax_cost(examples, outputs, place(a, 0), place(y, 0), weight, place(delta, 0))
    elif kind == BINARY_CROSS_ENTROPY:  # sum_j softplus(a_j) - y_j a_j, the logistic cost of each output
        for i in range(n):
            total += softplus(a[i]) - y[i] * a[i]
            delta[i] = weight * (sigmoid(a[i]) - y[i])
    else:  # HUBER: quadratic within huber_delta of the target, linear beyond
        for i in range(n):
            error = a[i] - y[i]
            if abs(error) <= huber_delta:
                total += 0.5 * error * error
                delta[i] = weight * error
            else:
                total += huber_delta * (abs(error) - 0.5 * huber_delta)
                delta[i] = weight * (huber_delta if error > 0 else -huber_delta)
    return total


@jit
def count_correct(kind, a, y):
    """Number of examples that are classified correctly: the largest output is where the target's is.

    With one output: both are above the threshold, or neither; it is 0.5, or 0 for a logit.
    """
    examples, outputs = a.shape
    correct = 0
    if outputs == 1:
        threshold = 0.0 if kind == BINARY_CROSS_ENTROPY else 0.5
        for i in range(examples):
            if (a[i, 0] > threshold) == (y[i, 0] > 0.5):
                correct += 1
    else:
        for i in range(examples):
            guess, largest, truth, target = 0, a[i, 0], 0, y[i, 0]
            for j in range(1, outputs):
                is_larger, is_target = a[i, j] > largest, y[i, j] > target
                # Selected, not branched to: the processor can't foresee which output is the largest.
                guess, largest = j if is_larger else guess, a[i, j] if is_larger else largest
                truth, target = j if is_target else truth, y[i, j] if is_target else target
            correct += guess == truth
    return correct
