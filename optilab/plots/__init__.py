"""From DataFrame to matplotlib Axes: no files, no global theme, no wrangling."""
