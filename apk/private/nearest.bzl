"""Suggestions for a name that is not known."""

visibility(["//apk/..."])

def _distance(a, b):
    """Levenshtein distance."""
    row = list(range(len(b) + 1))
    for i in range(len(a)):
        previous = row
        row = [i + 1]
        for j in range(len(b)):
            row.append(min(
                previous[j + 1] + 1,
                row[j] + 1,
                previous[j] + (0 if a[i] == b[j] else 1),
            ))
    return row[-1]

def nearest(name, names):
    """Finds the name that somebody who wrote another one may have meant.

    Args:
        name: string, the unknown name
        names: list of strings, the known names

    Returns:
        string, or None where nothing is near: more than a third of the letters would have to change. Of several that
        are equally near, the first in the order of the alphabet.
    """
    best = None
    best_distance = max(1, len(name) // 3) + 1
    for candidate in sorted(names):
        distance = best_distance
        if abs(len(candidate) - len(name)) < best_distance:
            distance = _distance(name, candidate)
        if distance < best_distance:
            best = candidate
            best_distance = distance
    return best
