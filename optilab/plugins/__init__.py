"""Plugins: how they are found, tried in another process, loaded, and asked for what they offer."""
