"""Points of the NIST curves (SP 800-186 section 3.2.1) that nobody drew by chance: a coordinate is nearly 0 or nearly the field's
prime. Nobody knows their private keys. Plain arithmetic: y^2 = x^3 - 3x + b.
"""


class Curve:
    def __init__(self, prime, order, b):
        self.prime, self.order, self.b = prime, order, b
        self.size = (prime.bit_length() + 7) // 8

    def point(self, x, y):
        """Without compression (SEC 1 section 2.3.3)."""
        assert (y * y - (x ** 3 - 3 * x + self.b)) % self.prime == 0
        return b"\4" + x.to_bytes(self.size, "big") + y.to_bytes(self.size, "big")

    def with_x(self, x, step=1):
        """The point whose x is that number, or the next one that has a point."""
        while True:
            square = (x ** 3 - 3 * x + self.b) % self.prime
            y = pow(square, (self.prime + 1) // 4, self.prime)  # all these primes are 3 modulo 4
            if y * y % self.prime == square:
                return self.point(x, y)
            x += step

    def with_y(self, y, step=1):
        """The point whose y is that number, or the next one for which the cubic in x has one root."""
        while True:
            root = self.root((self.b - y * y) % self.prime)
            if root is not None:
                return self.point(root, y)
            y += step

    def root(self, c):
        """The root of x^3 - 3x + c, if it has exactly one: then x^p - x and the cubic have one factor in common."""
        p = self.prime

        def times(u, v):
            product = [0] * 5
            for i, left in enumerate(u):
                for j, right in enumerate(v):
                    product[i + j] += left * right
            for degree in (4, 3):  # x^3 = 3x - c
                product[degree - 2] += 3 * product[degree]
                product[degree - 3] -= c * product[degree]
            return [n % p for n in product[:3]]

        power = [1, 0, 0]
        for bit in bin(p)[2:]:
            power = times(power, power)
            if bit == "1":
                power = times(power, [0, 1, 0])
        power[1] = (power[1] - 1) % p
        left, right = [c, -3 % p, 0, 1], power
        while any(right):
            while right[-1] == 0:
                right = right[:-1]
            inverse = pow(right[-1], -1, p)
            while len(left) >= len(right):
                factor = left[-1] * inverse % p
                shift = len(left) - len(right)
                left = [(n - factor * (right[i - shift] if i >= shift else 0)) % p for i, n in enumerate(left)][:-1]
            left, right = right, left or [0]
        while left[-1] == 0:
            left = left[:-1]
        return -left[0] * pow(left[1], -1, p) % p if len(left) == 2 else None


CURVES = {
    "p256": Curve(2**256 - 2**224 + 2**192 + 2**96 - 1, 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
                  0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B),
    "p384": Curve(2**384 - 2**128 - 2**96 + 2**32 - 1,
                  0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
                  0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF),
    "p521": Curve(2**521 - 1, int("1" + "F" * 65 + "A51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409", 16),
                  0x0051953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E156193951EC7E937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00),
}


def odd_points(kind):
    """Name, whether OpenSSH 9.2 takes it, and the point, on both sides of each of its bounds."""
    curve = CURVES[kind]
    half, last = curve.order.bit_length() // 2, curve.order - 1
    yield "point-of-small-x", False, curve.with_x(1)
    yield "point-of-small-y", False, curve.with_y(1)
    yield "point-of-half-an-x", False, curve.with_x(2**half - 1, -1)
    yield "point-of-half-a-y", False, curve.with_y(2**half - 1, -1)
    yield "point-of-more-than-half-an-x", True, curve.with_x(2**half)
    yield "point-of-more-than-half-a-y", True, curve.with_y(2**half)
    yield "point-of-large-x", False, curve.with_x(last)
    yield "point-of-large-y", False, curve.with_y(last)
    yield "point-of-largest-x", False, curve.with_x(curve.prime - 1, -1)
    yield "point-of-largest-y", False, curve.with_y(curve.prime - 1, -1)
    yield "point-of-nearly-large-x", True, curve.with_x(last - 1, -1)
    yield "point-of-nearly-large-y", True, curve.with_y(last - 1, -1)
