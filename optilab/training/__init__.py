"""One run: its plan, budget and stopping rules, its loop by intervals, what is measured, how it ended."""
