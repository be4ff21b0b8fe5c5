"""What can go wrong, by kind of mistake: the name of each operator, its cost, and its sentence for instructors."""

ByKind = dict[str, tuple[tuple[str, float, str], ...]]
