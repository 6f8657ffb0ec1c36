"""Whole figures, from a results folder."""
