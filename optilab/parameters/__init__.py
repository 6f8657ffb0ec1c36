"""What a parameter accepts, and how a value given for it is checked."""
