"""SVRG (Johnson and Zhang, 2013, "Accelerating stochastic gradient descent using predictive variance reduction")."""

from optilab import hookimpl, per_weight, vectorwise


@vectorwise(states={"snapshot": per_weight("w")}, ranges={"interval": "{1, 2, ...}"}, link="before")
def svrg(w, g, snapshot, full, there, t, value_and_grad, full_value_and_grad, interval=1000):
    """SVRG: gradients with less variance, thanks to the full gradient at a snapshot of the weights: `svrg | sgd`.

    snapshot = w, full = gradient of all examples there     every `interval` steps, from the first
    g = g - gradient of this batch at the snapshot + full

    The mean of g is unchanged, and its variance falls with the distance to the snapshot. Another gradient evaluation a step;
    at the snapshot itself g is `full`, and the other evaluation is the one of all examples.

    Option I of Johnson and Zhang, NIPS 2013: the snapshot is the last w. They take intervals of two epochs for convex costs
    and of five for networks, in batches of one.

    Args:
        interval: steps from one snapshot to the next; the default, 1000, is 32,000 examples at the usual batch size.

    Example:
        >>> import optilab
        >>> xor = {"x_train": [[0, 0], [0, 1], [1, 0], [1, 1]], "y_train": [0, 1, 1, 0], "test_fraction": 0.0}
        >>> problem = optilab.get_problem("network", dataset=xor, hidden=[4])
        >>> run = optilab.train(problem, "svrg | sgd", lr=3, batch_size=1, interval=20, steps=1000)
        >>> run.history["train_cost"].iloc[[0, -1]].round(3).tolist()
        [0.503, 0.001]
    """
    if (t - 1) % interval == 0:
        for i in range(w.size):
            snapshot[i] = w[i]
        full_value_and_grad(snapshot, full)
        for i in range(w.size):
            g[i] = full[i]
    else:
        value_and_grad(snapshot, there)
        for i in range(w.size):
            g[i] += full[i] - there[i]


@hookimpl
def optilab_optimizers():
    return [svrg]
