"""How fast optilab is: against JAX and PyTorch on one core, against the core's own limits, and as work grows.

python experiments/speed [--only one-run grid] [--rounds 5] [--quick]
"""
