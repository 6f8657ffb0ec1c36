"""Adam (Kingma and Ba, 2015, "Adam: a method for stochastic optimization", arXiv:1412.6980) and its closest variants."""

from optilab import elementwise, hookimpl
from optilab_adaptive.moments import spread

MOMENTS = {"beta1": "[0, 1)", "beta2": "[0, 1)", "eps": "[0, inf)"}
ROOTED = {**MOMENTS, "eps_root": "[0, inf)"}


@elementwise(
    lr=1e-3,
    ranges=ROOTED,
    claims=("sign flips", "translation"),
    reference="torch.optim.Adam(lr=lr, betas=(beta1, beta2), eps=eps)",
)
def adam(w, g, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, eps_root=0.0, eps_hat=False, correct_m=True):
    """Adam: momentum whose step is divided, weight by weight, by the root of a running mean of squared gradients.

    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g^2
    w = w - lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)

    Algorithm 1 of Kingma and Ba, "Adam: a method for stochastic optimization", 2015, arXiv:1412.6980. eps stands
    outside the root, after the correction of the bias, as in torch.optim.Adam and optax.adam.

    Args:
        lr: learning rate, about the distance that a weight moves in a step; the paper's 0.001.
        beta1: share of m that is kept in each step: m averages about 1 / (1 - beta1) gradients, 10 by default.
        beta2: share of v that is kept in each step: v averages about 1,000 squares by default.
        eps: keeps the denominator from zero; the larger it is, the more the step is that of plain momentum.
        eps_root: added inside the root, after the correction, as optax.adam(eps_root=...); the default 0 adds nothing.
        eps_hat: whether eps is added to sqrt(v) before the correction, as in Keras, TensorFlow and scikit-learn: the
            paper's epsilon hat.
        correct_m: whether m is divided by 1 - beta1^t; without it this is AdamD (St John, 2021, arXiv:2110.10828), a
            warm-up.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "adam", lr=0.1, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    w -= lr * (m / (1 - correct_m * beta1**t)) / spread(v, 1 - beta2**t, eps, eps_root, eps_hat)
    return w, m, v


@elementwise(
    lr=1e-3,
    ranges={**ROOTED, "weight_decay": "[0, inf)"},
    claims=("sign flips",),
    reference="torch.optim.AdamW(lr=lr, betas=(beta1, beta2), eps=eps, weight_decay=weight_decay)",
)
def adamw(w, g, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01, eps_root=0.0, eps_hat=False):
    """AdamW: Adam with decoupled weight decay, which shrinks the weights themselves and stays out of the moments.

    w = w - lr * weight_decay * w, and then a step of Adam:
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g^2
    w = w - lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)

    Algorithm 2 of Loshchilov and Hutter, "Decoupled weight decay regularization", 2019, arXiv:1711.05101. The decay is
    scaled by the learning rate, as in torch.optim.AdamW, whose defaults these are.

    Args:
        lr: learning rate, about the distance that a weight moves in a step; it scales the decay, too.
        beta1: share of m that is kept in each step: m averages about 1 / (1 - beta1) gradients, 10 by default.
        beta2: share of v that is kept in each step: v averages about 1,000 squares by default.
        eps: keeps the denominator from zero.
        weight_decay: what lr is multiplied by to shrink w; torch's 0.01, where optax.adamw has 1e-4 and Keras 4e-3.
        eps_root: added inside the root, as for `adam`; the default 0 adds nothing.
        eps_hat: whether eps is added before the correction of the bias, as for `adam`.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "adamw", lr=0.1, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    w -= lr * weight_decay * w
    w -= lr * (m / (1 - beta1**t)) / spread(v, 1 - beta2**t, eps, eps_root, eps_hat)
    return w, m, v


@elementwise(
    lr=1e-3,
    ranges={**ROOTED, "nu_max": "{raw, corrected}"},
    claims=("sign flips", "translation"),
    reference="torch.optim.Adam(lr=lr, betas=(beta1, beta2), eps=eps, amsgrad=True)",
)
def amsgrad(
    w,
    g,
    m,
    v,
    v_max,
    t,
    lr,
    beta1=0.9,
    beta2=0.999,
    eps=1e-8,
    eps_root=0.0,
    eps_hat=False,
    nu_max="raw",
    correct_m=True,
    correct_v=True,
):
    """AMSGrad: Adam whose denominator never shrinks, as it takes the largest second moment so far.

    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g^2
    v_max = max(v_max, v)
    w = w - lr * (m / (1 - beta1^t)) / (sqrt(v_max / (1 - beta2^t)) + eps)

    Algorithm 2 of Reddi, Kale and Kumar, "On the convergence of Adam and beyond", 2018, arXiv:1904.09237, with Adam's
    corrections of the bias. `weight_decay | amsgrad` is torch.optim.AdamW(amsgrad=True), `l2 | amsgrad` is
    torch.optim.Adam(amsgrad=True, weight_decay=...).

    Args:
        lr: learning rate, at most about the distance that a weight moves in a step.
        beta1: share of m that is kept in each step: m averages about 1 / (1 - beta1) gradients, 10 by default.
        beta2: share of v that is kept in each step: v averages about 1,000 squares by default.
        eps: keeps the denominator from zero.
        eps_root: added inside the root, as for `adam`; the default 0 adds nothing.
        eps_hat: whether eps is added before the correction of the bias, as for `adam` and in Keras.
        nu_max: "raw" is the maximum of v, whose bias is corrected afterwards, as in torch.optim and Keras; "corrected"
            that of v / (1 - beta2^t), as in optax.amsgrad. The second is the slower one: early on, few gradients weigh
            more.
        correct_m: whether m is divided by 1 - beta1^t; without it and correct_v this is Algorithm 2 as it is written,
            and optax.amsgrad(bias_correction_mu=False, bias_correction_nu=False).
        correct_v: whether v is divided by 1 - beta2^t.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "amsgrad", lr=0.1, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    kept = correct_v * beta2**t
    early, late = (kept, 0.0) if nu_max == "corrected" else (0.0, kept)
    v_max = max(v_max, v / (1 - early))
    w -= lr * (m / (1 - correct_m * beta1**t)) / spread(v_max, 1 - late, eps, eps_root, eps_hat)
    return w, m, v, v_max


@elementwise(
    lr=2e-3,
    ranges=MOMENTS,
    claims=("sign flips", "translation"),
    reference="torch.optim.Adamax(lr=lr, betas=(beta1, beta2), eps=eps)",
)
def adamax(w, g, m, u, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, eps_in_max=True):
    """AdaMax: Adam with a decaying maximum of the gradient's size in place of its root mean square.

    m = beta1 * m + (1 - beta1) * g
    u = max(beta2 * u, |g| + eps)
    w = w - lr * (m / (1 - beta1^t)) / u

    Algorithm 2 (section 7.1) of Kingma and Ba, 2015, arXiv:1412.6980, where there is no eps. Defaults and eps as in
    torch.optim.Adamax and optax.adamax; `weight_decay | adamax` is optax.adamaxw.

    Args:
        lr: learning rate, at most about the distance that a weight moves in a step; the paper's 0.002.
        beta1: share of m that is kept in each step: m averages about 1 / (1 - beta1) gradients, 10 by default.
        beta2: by how much the maximum shrinks in each step; half of it is left after 700 steps by default.
        eps: keeps the denominator from zero.
        eps_in_max: whether eps stands inside the maximum; without it, it is added to u in the denominator, as in Keras.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "adamax", lr=0.1, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    m = beta1 * m + (1 - beta1) * g
    inside, outside = (eps, 0.0) if eps_in_max else (0.0, eps)
    u = max(beta2 * u, abs(g) + inside)
    w -= lr * (m / (1 - beta1**t)) / (u + outside)
    return w, m, u


@elementwise(lr=1e-3, ranges=MOMENTS, claims=("sign flips", "translation"))
def sparse_adam(w, g, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    """Sparse Adam: Adam in which a weight whose gradient is exactly zero stays, and so do its moments.

    where g is not 0:
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g^2
        w = w - lr * (m / (1 - beta1^t)) / ((sqrt(v) + eps) / sqrt(1 - beta2^t))

    Adam of Kingma and Ba, 2015, arXiv:1412.6980, as in torch.optim.SparseAdam, which counts t in all steps, also in
    those that pass a weight by, and adds eps before the correction of the bias. A weight that was passed by for long is
    moved by old moments, as if they were fresh.

    Args:
        lr: learning rate, about the distance that a weight moves in a step.
        beta1: share of m that is kept in each step in which g is not 0: m averages about 1 / (1 - beta1) of these
            gradients.
        beta2: share of v that is kept in these steps: v averages about 1,000 squares by default.
        eps: keeps the denominator from zero.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "sparse_adam", lr=0.1, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    if g != 0:
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        w -= lr * (m / (1 - beta1**t)) / spread(v, 1 - beta2**t, eps, 0.0, True)
    return w, m, v


@hookimpl
def optilab_optimizers():
    return [adam, adamw, amsgrad, adamax, sparse_adam]
