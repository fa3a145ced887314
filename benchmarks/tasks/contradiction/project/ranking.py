"""Places in a competition."""


def places(points):
    """The place of each name; names with equal points share the better place."""
    ordered = sorted(points.values(), reverse=True)
    return {name: ordered.index(each) + 1 for name, each in points.items()}


def podium(points):
    """Names on the first three places, best first."""
    ranked = places(points)
    return sorted((name for name in ranked if ranked[name] <= 3), key=lambda n: (ranked[n], n))
