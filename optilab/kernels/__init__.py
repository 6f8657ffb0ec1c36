"""Compiled arithmetic: arrays and scalars in and out. Nothing here validates or raises."""
