"""Guards around what isn't optilab's own: calls of plugins, processes that run them, files that a results folder names."""
