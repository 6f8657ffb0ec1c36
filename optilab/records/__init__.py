"""Words that every room shares: the columns of results, how runs end, labels, canonical text."""
