"""Statistics behind tables and pictures: DataFrame in, DataFrame out."""
