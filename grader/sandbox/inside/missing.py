"""In a child: what is there in place of a function that is asked for."""


def in_words(namespace, wanted, asked):
    """Why the function `wanted` is missing, as far as the names of the file tell; "" where they do not.

    Args:
        asked: the names of all functions that are asked for; none of them is another one misspelt.
    """
    if namespace.get(wanted) is not None:
        return f"{wanted} is {type(namespace[wanted]).__name__}, not a function"
    for name, value in list(namespace.items()):
        if isinstance(name, str) and name not in asked and _folded(name) == _folded(wanted) and callable(value):
            return f"the file has a function {name}: is it {wanted}, with another name?"
    return ""


def _folded(name):
    """dJ_dHprev and dj_dh_prev are one name to the eye."""
    return name.replace("_", "").lower()
