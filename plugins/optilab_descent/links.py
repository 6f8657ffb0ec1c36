"""Links for chains: they change the gradient or the weights, and leave the step itself to the next rule."""

from optilab import elementwise, hookimpl, norm, vectorwise


@elementwise(ranges={"penalty": "[0, inf)"})
def l2(w, g, penalty=1e-4):
    """Add the gradient of penalty/2 * |w|^2 to the gradient: `l2 | sgd`.

    g = g + penalty * w

    What torch.optim calls weight_decay in SGD, Adam and RMSprop. Under Adam it is not the same as `weight_decay`.
    """
    g += penalty * w
    return g


@elementwise(ranges={"weight_decay": "[0, inf)"})
def weight_decay(w, lr, weight_decay=0.01):
    """Shrink the weights, apart from the gradient: `weight_decay | sgd`.

    w = w - lr * weight_decay * w

    Decoupled weight decay, scaled by the learning rate as in torch.optim.AdamW. Loshchilov and Hutter, "Decoupled
    weight decay regularization", 2019.
    """
    w -= lr * weight_decay * w
    return w


@vectorwise(ranges={"max_norm": "(0, inf)"})
def clip_by_global_norm(g, max_norm=1.0):
    """Shorten the gradient where it is longer than max_norm: `clip_by_global_norm | sgd`.

    g = g * min(1, max_norm / |g|)

    Pascanu et al., "On the difficulty of training recurrent neural networks", 2013. As optax.clip_by_global_norm;
    torch.nn.utils.clip_grad_norm_ adds 1e-6 to |g|.
    """
    length = norm(g)
    if length > max_norm:
        for i in range(g.size):
            g[i] *= max_norm / length


@hookimpl
def optilab_optimizers():
    return [l2, weight_decay, clip_by_global_norm]
