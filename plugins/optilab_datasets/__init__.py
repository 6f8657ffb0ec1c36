"""Datasets that come with optilab."""
