"""LARS (You, Gitman and Ginsburg, 2017, "Large batch training of convolutional networks", arXiv:1708.03888)."""

from optilab import hookimpl, norm, vectorwise


@vectorwise(
    lr=1.0,
    ranges={"momentum": "[0, 1)", "trust": "(0, inf)", "weight_decay": "[0, inf)"},
)
def lars(w, g, b, lr, layers, momentum=0.9, trust=1e-3, weight_decay=0.0):
    """Give each layer a step in proportion to its weights, whatever the size of its gradient.

    ratio = trust * |w| / (|g| + weight_decay * |w|)     for each layer, equation 6
    b = momentum * b + lr * ratio * (g + weight_decay * w)
    w = w - b

    A layer whose weights or gradient are all zero takes a plain step (ratio 1). The learning rate stands inside the
    momentum, as in the paper and in optax.lars.
    """
    for layer in layers:
        first, end = layer.offset, layer.offset + layer.size
        w_norm, g_norm = norm(w[first:end]), norm(g[first:end])
        ratio = 1.0
        if w_norm > 0 and g_norm > 0:
            ratio = trust * w_norm / (g_norm + weight_decay * w_norm)
        for i in range(first, end):
            b[i] = momentum * b[i] + lr * ratio * (g[i] + weight_decay * w[i])
            w[i] -= b[i]


@hookimpl
def optilab_optimizers():
    return [lars]
