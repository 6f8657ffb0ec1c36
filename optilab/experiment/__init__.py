"""The experiment: its file, validated and expanded into cells and runs."""
