"""Results as people read them: loaded from a folder or from anybody's table, shown in a notebook, written as one HTML file."""
