"""Processes that make runs: started, watched, told what to make."""
