"""From DataFrame to DataFrame: what is shown and drawn, worked out."""
