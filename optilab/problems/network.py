"""Fully connected networks with a cost, on a dataset."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optilab.datasets.dataset import Dataset
from optilab.datasets.examples import Examples, Sparse, check_precision, checked
from optilab.datasets.given import given_dataset
from optilab.datasets.options import File
from optilab.errors import InputError, at
from optilab.parameters.tables import validated
from optilab.problems.compiled_network import compiled_block, compiled_network, compiled_parts, network_code
from optilab.problems.first_weights import RELU_FAMILY, first_weights
from optilab.problems.network_parameters import NetworkParameters, layer_activations, output_count
from optilab.problems.problem import Precision, Problem, ProblemKind
from optilab.problems.split import split_of
from optilab.texts import shown

if TYPE_CHECKING:
    from optilab.compiler.types import Context


MOST_WEIGHTS = 2**30  # 4 GB in float32
_BLOCK = 256  # examples whose activations, at 784 inputs in float32, fill about the second-level cache


class NetworkKind(ProblemKind):
    """A fully connected network on a dataset.

    a_0 = x, z_l = a_(l-1) W_l + b_l, a_l = f(z_l), and a cost that compares the last a with the target.

    dataset: the name of one; or a file of your own, { path = "my.csv", label = "column" } or { path = "my.npz" }, with any of
        the keys below (`optilab data my.csv label=column` shows how it is read); in Python also
        {"x_train": x, "y_train": y}, with "x_test", "y_test" and keys that aren't about text.
    hidden: neurons in each hidden layer.
    activation: of the hidden layers, one for all or one for each.
    cost: quadratic, sum_j (a_j - y_j)^2; cross_entropy on softmax; binary_cross_entropy on logits, summed over the
        outputs; huber. All are averaged over examples.
    output_activation: of the last layer; by default, under quadratic and huber, sigmoid for classes and identity for
        numbers. The cross-entropies have their own.
    first_weights: normal N(0, 1), lecun N(0, 1/rows), glorot N(0, 2/(rows + columns)), he N(0, 2/rows), or
        orthogonal; by default he for the ReLU family, else glorot. Biases start at zero, but under normal at N(0, 1).
    huber_delta: where the Huber cost turns from a parabola into a line.
    outputs: neurons in the last layer; by default what the labels need.
    validation: how many of the training examples to measure and not to train on: a number (10000) or a share (0.1), drawn at
        random but the same in all runs, or { last = 10000 } for the last ones. Scales and words of the inputs are learned from
        the whole training part.
    measured_examples: of how many of the examples that are trained on the history has the cost, the accuracy and the norm of
        the gradient: a number or a share, drawn at random but the same in all runs; by default of all. Steps are the same
        with fewer, and measuring is faster; whatever reads these columns (stopping rules, tuning) goes by these examples.
    """

    name = "network"

    def __init__(self, find: Callable[[str, str], Dataset]) -> None:
        """`find(name, place)` is the dataset of a name; it raises InputError, beginning with the place, for an unknown one."""
        self._find = find

    @property
    def documentation(self) -> str:  # type: ignore[override]
        """The docstring of this class."""
        import inspect

        return inspect.getdoc(NetworkKind) or ""

    @property
    def choices(self) -> dict[str, str]:
        """The fields of `NetworkParameters`, and the keys of a dataset's file."""
        fields = NetworkParameters.model_fields.items()
        found = {name: "must be given" if field.is_required() else repr(field.default) for name, field in fields}
        for name, field in File.model_fields.items():
            default = "" if field.is_required() or field.default is None else f"{json.dumps(field.default)}. "
            found[f"dataset.{name}"] = f"{default}{field.description}"
        return found

    def build(self, given: Mapping[str, Any], precision: Precision | None = None, place: str = "") -> Network:
        """The network with these parameters, in float32 unless told otherwise.

        InputError, beginning with `place`, for parameters that don't fit together or don't fit the dataset.
        """
        parameters = validated(NetworkParameters, dict(given), place)
        inside = f"{place}.dataset" if place else ""
        if isinstance(parameters.dataset, str):
            data = self._find(parameters.dataset, inside)
        else:
            data = given_dataset(parameters.dataset, inside)
        return Network(parameters, data, precision or "float32", place)


class Network(Problem):
    """A fully connected network with its cost, on a dataset whose examples are mapped into memory.

    InputError, beginning with `place`, where parameters and dataset don't fit together, or the network is too large.
    """

    name = "network"
    shares_examples = True

    def __init__(self, given: NetworkParameters, data: Dataset, precision: Precision, place: str = "") -> None:
        self.data = data
        self.examples: Examples = checked(data.load(), data.name)
        check_precision(self.examples, precision, data.name)
        self.precision = precision
        self._split = split_of(given.validation, len(self.examples.x_train), given.measured_examples, place)
        self.n_examples = self._split.train.size
        self.n_test_examples = len(self.examples.x_test)
        self.classifies = self.examples.classes is not None
        self.notes = [*self.examples.notes, *self._split.notes]
        self._cost = given.cost
        self.sizes = [self.examples.x_train.shape[1], *given.hidden, output_count(given, self.examples, place)]
        if min(self.sizes) < 1:
            raise InputError(f"{at(place)}hidden = {shown(given.hidden)}: a layer has at least one neuron")
        weights = sum((rows + 1) * columns for rows, columns in zip(self.sizes[:-1], self.sizes[1:], strict=True))
        if weights > MOST_WEIGHTS:
            raise InputError(
                f"{at(place)}hidden = {shown(given.hidden)}: these are {shown(weights)} weights; a network has at most "
                f"{MOST_WEIGHTS:,}"
            )
        self.activations = layer_activations(given, self.classifies, place)
        first = given.first_weights or ("he" if self.activations[0] in RELU_FAMILY else "glorot")
        self.parameters = {
            "dataset": data.name,
            "hidden": given.hidden,
            "activation": self.activations[:-1],
            "output_activation": self.activations[-1],
            "cost": given.cost,
            "first_weights": first,
            "huber_delta": given.huber_delta,
            "outputs": self.sizes[-1],
        }
        for name in ("validation", "measured_examples"):
            if getattr(given, name) is not None:  # a problem without has the identity that it had before there were any
                self.parameters[name] = getattr(given, name)

    @property
    def identity(self) -> dict[str, Any]:
        """The parameters, with the digest of the dataset's content in place of its name."""
        return {"use": self.name, **self.parameters, "dataset": self.data.digest}

    @property
    def train_rows(self) -> NDArray[np.int64]:
        """Row numbers of the examples to train on, ascending."""
        return self._split.train

    @property
    def measured_rows(self) -> NDArray[np.int64]:
        """Row numbers of the examples that training costs are measured on, ascending."""
        return self._split.measured

    @property
    def valid_rows(self) -> NDArray[np.int64]:
        """Row numbers of the examples to validate on, ascending."""
        return self._split.valid

    @cached_property
    def layers(self) -> NDArray[np.void]:
        """Weight matrix and bias of each layer in turn."""
        from optilab.compiler.types import BIAS, MATRIX
        from optilab.problems.layers import layer_table

        pairs = zip(self.sizes[:-1], self.sizes[1:], strict=True)
        return layer_table(part for rows, columns in pairs for part in ((rows, columns, MATRIX), (1, columns, BIAS)))

    @property
    def code(self) -> str:
        """Digest of the kernels' code."""
        return network_code()

    @cached_property
    def evaluate(self) -> Any:
        """The compiled cost and gradient."""
        return compiled_network(self.precision).evaluate

    @cached_property
    def evaluate_members(self) -> Any:
        """The compiled costs and gradients of several runs."""
        return compiled_network(self.precision).evaluate_members

    def is_faster_in_parts(self, batch_size: int) -> bool:
        """Whether the first layer is wide enough, on sparse pixels, and the examples few enough, for parts to be faster."""
        from optilab.kernels.parts import are_faster

        if self.examples.sparse_train is None or batch_size > _BLOCK:
            return False
        return bool(are_faster(self.sizes, np.dtype(self.precision).itemsize, batch_size))

    @cached_property
    def step_in_parts(self) -> Any:
        """The compiled step, part by part."""
        return compiled_parts(self.precision).step_in_parts

    @cached_property
    def _forward(self) -> Any:
        from optilab.compiler import modules
        from optilab.kernels import dense

        return modules.entries("predict", self.precision, predict=dense.predict).predict

    def context(self) -> Context:
        """The examples of the training part, those for validation among them."""
        return self._context(self._train)

    def test_context(self) -> Context | None:
        """The test examples, if there are any."""
        return self._context(self._test) if self.n_test_examples else None

    @cached_property
    def _train(self) -> dict[str, NDArray[Any]]:
        return self._arrays(self.examples.x_train, self.examples.y_train, self.examples.sparse_train)

    @cached_property
    def _test(self) -> dict[str, NDArray[Any]]:
        return self._arrays(self.examples.x_test, self.examples.y_test, self.examples.sparse_test)

    def _arrays(self, x: NDArray[Any], y: NDArray[Any], sparse: Sparse | None) -> dict[str, NDArray[Any]]:
        """The examples as the kernels want them, and one target for each output."""
        if self.classifies and self.sizes[-1] > 1:
            targets = np.eye(self.sizes[-1], dtype=self.precision)[y]
        else:
            targets = np.ascontiguousarray(y.reshape(len(y), -1), self.precision)
        if targets.shape != (len(x), self.sizes[-1]):
            raise InputError(f"dataset {self.data.name!r}: targets {targets.shape} don't fit {self.sizes[-1]} outputs")
        pixels = x.dtype == np.uint8
        return {
            **(sparse or Sparse.nothing())._asdict(),
            "pixels": x if pixels and sparse is None else np.zeros((0, x.shape[1]), np.uint8),
            "features": np.zeros((0, x.shape[1]), self.precision)
            if pixels
            else np.ascontiguousarray(x, self.precision),
            "targets": targets,
        }

    def _context(self, arrays: dict[str, NDArray[Any]]) -> Context:
        from optilab.compiler.calls import address_of
        from optilab.compiler.memory import aligned_zeros
        from optilab.compiler.passing import in_memory
        from optilab.compiler.types import Context, NetworkData
        from optilab.kernels import activations, costs
        from optilab.kernels.dense import scratch_sizes
        from optilab.kernels.turned import room_to_turn

        starts = arrays["starts"]
        most_pixels = int(np.diff(starts).max(initial=0))
        reals, integers = scratch_sizes(self.sizes, _BLOCK, most_pixels if starts.size else None)
        network = NetworkData(
            **arrays,
            activations=np.array([activations.CODES[a] for a in self.activations], np.int64),
            cost=costs.CODES[self._cost],
            block=_BLOCK,
            most_pixels=most_pixels,
            turned=room_to_turn(self.sizes),
            neurons=sum(self.sizes[1:]),
            prepare=address_of(compiled_network(self.precision).prepare),
            block_cost=address_of(compiled_block(self.precision).block_cost),
        )
        return Context(
            layers=self.layers,
            tally=np.zeros(3, np.int64),
            scratch=aligned_zeros(reals, self.precision),
            integers=aligned_zeros(integers, np.int32),
            settings=np.array([1 / 255, self.parameters["huber_delta"]]),
            network=in_memory(network),
        )

    def initial(self, seed: int = 0) -> NDArray[np.floating]:
        """First weights by the rule named in `first_weights`; biases are zero, or N(0, 1) under "normal"."""
        return first_weights(self.layers, self.parameters["first_weights"], seed, self.precision)

    def outputs(self, w: ArrayLike, x: ArrayLike) -> NDArray[np.floating]:
        """Outputs of the network for the examples `x`: probabilities under the cross-entropies, else the last activations.

        x: [example, input], or a single example; uint8 is scaled to 0 to 1 as in training.
        Returns [example, output]. InputError for `w` of another shape than the weights.
        """
        examples = np.asarray(x)
        if examples.dtype == self.examples.x_train.dtype == np.uint8:
            examples = examples / 255
        examples = examples.reshape(-1, self.sizes[0]).astype(self.precision)
        out = np.zeros((len(examples), self.sizes[-1]), self.precision)
        self._forward(self._weights(w), np.ascontiguousarray(examples), out, self._own_context)
        if self._cost == "cross_entropy":
            out = np.exp(out - out.max(axis=1, keepdims=True))
            return np.asarray(out / out.sum(axis=1, keepdims=True))
        if self._cost == "binary_cross_entropy":
            return 0.5 * (1 + np.tanh(0.5 * out))
        return out

    def predict(self, w: ArrayLike, x: ArrayLike) -> NDArray[Any]:
        """The class (numbered from 0) of each example in `x`, or the number predicted; shapes as for `outputs`."""
        out = self.outputs(w, x)
        if not self.classifies:
            return out[:, 0] if out.shape[1] == 1 else out
        return (out[:, 0] > 0.5).astype(np.int64) if out.shape[1] == 1 else out.argmax(axis=1)
