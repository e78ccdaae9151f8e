"""A plug-in as users write it: it knows nothing of rankeval but the protocol."""


class Cheapest:
    """Ranks by ascending price."""

    columns = ("price",)

    def score(self, rows):
        return [-price for price in rows.column("price").to_pylist()]
