"""Which registers kernels are compiled for."""

from __future__ import annotations

import numba
import pytest

from optilab.kernels.lines import registers


@pytest.mark.parametrize(
    ("features", "expected"),
    [("+avx512f,+avx2,+avx", (512, 32)), ("-avx512f,+avx2,+avx", (256, 16)), ("+sse2", (128, 16)), ("", (128, 16))],
)
def test_registers_are_those_of_the_features(
    features: str, expected: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Width and number of registers follow the features that Numba compiles for."""
    monkeypatch.setattr(numba.config, "CPU_FEATURES", features)
    registers.cache_clear()
    try:
        assert registers() == expected
    finally:
        registers.cache_clear()
