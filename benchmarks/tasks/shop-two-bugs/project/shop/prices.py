"""What orders cost, in cents."""

SHIPPING = 490
FREE_FROM = 5000


def subtotal(lines, prices):
    return sum(prices[item] * count for item, count in lines)


def discount(amount, count):
    """Five percent from 10 pieces, ten percent from 50; rounded down."""
    if count >= 10:
        return amount * 5 // 100
    if count >= 50:
        return amount * 10 // 100
    return 0


def total(lines, prices):
    """With discount by pieces; shipping is free from 50.00 after the discount."""
    amount = subtotal(lines, prices)
    amount -= discount(amount, sum(count for _, count in lines))
    return amount if amount >= FREE_FROM else amount + SHIPPING
