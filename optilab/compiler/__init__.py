"""Compilation: the JIT policy, types of compiled functions, generated modules and their cache."""
