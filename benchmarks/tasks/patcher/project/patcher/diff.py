"""The smallest edit script between two lists of lines."""


def common(old, new):
    """Pairs of indices of a longest common subsequence."""
    lengths = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for a in range(len(old) - 1, -1, -1):
        for b in range(len(new) - 1, -1, -1):
            if old[a] == new[b]:
                lengths[a][b] = lengths[a + 1][b + 1] + 1
            else:
                lengths[a][b] = max(lengths[a + 1][b], lengths[a][b + 1])
    pairs, a, b = [], 0, 0
    while a < len(old) and b < len(new):
        if old[a] == new[b]:
            pairs.append((a, b))
            a, b = a + 1, b + 1
        elif lengths[a + 1][b] >= lengths[a][b + 1]:
            a += 1
        else:
            b += 1
    return pairs


def hunks(old, new):
    """Changes as (place in old, removed lines, added lines), in order."""
    found, a, b = [], 0, 0
    for x, y in [*common(old, new), (len(old), len(new))]:
        if x > a or y > b:
            found.append((a, old[a:x], new[b:y]))
        a, b = x + 1, y + 1
    return found
