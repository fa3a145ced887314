"""Double entry: every posting moves an amount from one account to another."""


class Ledger:
    def __init__(self):
        self.postings = []

    def post(self, source, target, cents, memo=""):
        if cents <= 0:
            raise ValueError("an amount must be positive")
        if source == target:
            raise ValueError("both accounts are the same")
        self.postings.append((source, target, cents, memo))

    def balance(self, account):
        """What came in less what went out, in cents."""
        total = 0
        for source, target, cents, _ in self.postings:
            if target == account:
                total += cents
            if source == account:
                total -= cents
        return total

    def balances(self):
        accounts = {name for posting in self.postings for name in posting[:2]}
        return {name: self.balance(name) for name in sorted(accounts)}

    def reverse(self, index):
        """Post the opposite of an earlier posting."""
        source, target, cents, memo = self.postings[index]
        self.post(target, source, cents, f"reversal of {memo}" if memo else "reversal")
