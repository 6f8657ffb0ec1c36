"""Definitions that all of optilab shares: the columns of results, how runs end, labels, canonical text."""
