# Last: what any other source says of a name or a number wins.
passwd last sojourn
group last sojourn
