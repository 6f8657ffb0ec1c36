"""Plugins: found, tried in a process of their own, loaded, and asked for what they offer."""
