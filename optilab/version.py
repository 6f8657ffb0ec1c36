"""The version of optilab."""

__version__ = "0.1.0"
