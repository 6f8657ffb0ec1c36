"""Plots: from a DataFrame to matplotlib Axes, without files, global theme or wrangling."""
