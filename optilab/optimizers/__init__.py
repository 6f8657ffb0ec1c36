"""Update rules, chains of them, their memory, and how they become one compiled update."""
