"""Links for chains: they change the gradient before a rule steps, or the step after it, and make no step themselves."""
