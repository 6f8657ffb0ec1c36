"""A cost over a vector of weights: plain functions and networks, the layer table, first weights."""
