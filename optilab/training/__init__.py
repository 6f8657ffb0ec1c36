"""Training, one run: its plan, budget and stopping rules, its loop, its measurements, how it ended."""
