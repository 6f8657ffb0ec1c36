"""The JIT policy, types of compiled functions, generated modules and their cache."""
