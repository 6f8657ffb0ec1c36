"""Which networks, rules and batches are compared, and what is aimed at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

PARTS = ("one-run", "grid", "dense", "measuring", "functions", "growth")
RATES = {"sgd": 0.1, "adam": 1e-3}
_ALONE = 0.01  # SGD with B = 1: at 0.1 rounding alone drives float32 2 % from float64
GRID = 16  # learning rates

SMALL, WIDE, WIDER, DEEP = (16, 16), (128,), (256, 128), (1000, 500, 100)
_ONE_RUN = {SMALL: 3.0, WIDE: 2.0, WIDER: 1.6, DEEP: 1.6}  # times JAX scan, from B = 10 on
_DENSE = ("10,000 x 20", "50,000 x 50")
ACTIVATIONS = ("sigmoid", "tanh", "gelu")


@dataclass(frozen=True)
class Case:
    """A network, a rule and a batch size: what is trained for an epoch.

    data: "digits", or a key of `data.DENSE`. runs: 1, or the learning rates of a grid. target: how many times as long JAX
    should take, if anything is aimed at, and eager_target how many times as long PyTorch. eager: whether PyTorch takes part.
    """

    part: str
    data: str
    hidden: tuple[int, ...]
    rule: str
    batch: int
    activation: str = "sigmoid"
    runs: int = 1
    target: float | None = None
    eager_target: float | None = None
    eager: bool = True

    @property
    def name(self) -> str:
        """As the table has it: "digits 16-16, sgd, B = 32"."""
        kind = "" if self.activation == "sigmoid" else f" {self.activation}"
        return f"{self.data} {'-'.join(map(str, self.hidden))}{kind}, {self.rule}, B = {self.batch}"

    @property
    def rate(self) -> float:
        """The learning rate of a single run."""
        return _ALONE if self.rule == "sgd" and self.batch == 1 else RATES[self.rule]


def cases(part: str, quick: bool = False) -> Iterator[Case]:
    """The cases of a part; of a quick trial, those of small networks with B = 32."""
    made = {"one-run": _one_run, "grid": _grid, "dense": _dense}[part]
    return (case for case in made() if not quick or (case.batch == 32 and max(case.hidden) <= 128 and _few(case)))


def _few(case: Case) -> bool:
    return case.data != "50,000 x 50" and (case.part == "one-run" or max(case.hidden) <= 32)


def _one_run() -> Iterator[Case]:
    for hidden, target in _ONE_RUN.items():
        for rule in RATES:
            for batch in (1, 10, 32, 128) if hidden == SMALL else (32, 128):
                yield Case("one-run", "digits", hidden, rule, batch, target=1.0 if batch == 1 else target)


def _grid() -> Iterator[Case]:
    for data, hidden in (("digits", SMALL), ("digits", WIDE), ("digits", WIDER), ("10,000 x 20", (32, 32))):
        for rule in RATES:
            for batch in (32, 128):
                yield Case("grid", data, hidden, rule, batch, runs=GRID, target=2.5, eager_target=40.0)


def _dense() -> Iterator[Case]:
    for data in _DENSE:
        for hidden in ((32, 32), (128, 128)):
            for activation in ACTIVATIONS:
                for batch in (1, 32, 128):
                    target = 1.0 if batch == 1 else 2.0
                    yield Case("dense", data, hidden, "sgd", batch, activation, target=target, eager=batch > 1)
