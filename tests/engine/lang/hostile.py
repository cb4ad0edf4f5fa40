"""Texts made to cost the checker as much as 16 KiB and 4,000 tokens can."""


def chain(count: int, first: str, link: str) -> str:
    """Definitions a0, a1 ... of which each is made of the one before."""
    return f"a0 = {first}\n" + "".join(f"a{i} = {link.format(p=f'a{i - 1}')}\n" for i in range(1, count))


def total(parts: list[str]) -> str:
    return " + ".join(parts)


HOSTILE = {
    "a million letters": "a" * 1_000_000,
    "a million brackets": "(" * 1_000_000,
    "brackets up to the limit of bytes": "x = " + "(" * 16_000,
    "signs": "x = " + "-" * 3_900 + "1\nlong when x > 0",
    "nots": "x = " + "not " * 3_900 + "true\nlong when x",
    "a long sum": "x = close" + " + close" * 1_980 + "\nlong when x > 0",
    "a long choice": "x = " + "close > 1 ? 1 : " * 600 + "2\nlong when x > 0",
    "nested choices": "x = " + "close > 1 ? (" * 64 + "1" + ") : 0" * 64 + "\nlong when x > 0",
    "calls in calls": "x = " + "abs(" * 64 + "close" + ")" * 64 + "\nlong when x > 0",
    "operators nested as deep as can be": "x = " + "1 + 2 * (1 < 2 == (3 >= " * 32 + "4" + "))" * 32,
    "histories": "x = close" + "[1]" * 150 + "\nlong when x > 0",
    "more histories": "x = close" + "[1]" * 1_300 + "\nlong when x > 0",
    "histories in brackets": "x = " + "(" * 60 + "close" + "[1][1][1][1])" * 60 + "\nlong when x > 0",
    "a chain of names": "a0 = close\n"
    + "".join(f"a{i} = a{i - 1}\n" for i in range(1, 900))
    + "long when a899 > 0",
    "a chain of names the other way": "".join(f"a{i} = a{i + 1}\n" for i in range(900))
    + "a900 = close\nlong when a0 > 0",
    "a long circle": "".join(f"a{i} = a{i + 1}\n" for i in range(900)) + "a900 = a0\nlong when a0 > 0",
    "a long circle through the past": "".join(f"a{i} = nz(a{i + 1}[1]) + 1\n" for i in range(300))
    + "a300 = a0[1]\nlong when a0 > 0",
    "a circle that begins with nothing": "".join(f"a{i} = a{i + 1}[1] + 1\n" for i in range(480))
    + "a480 = a0[1]\nlong when a0 > 0",
    "circles through choices": "".join(
        f"a{i} = close > open ? a{i + 1}[1] : a{i // 2}[1]\n" for i in range(230)
    )
    + "a230 = a0[1]\nlong when a0 > 0",
    "a circle of all with all": "".join(
        f"a{i} = " + " + ".join(f"a{j}[1]" for j in range(0, 40)) + "\n" for i in range(18)
    )
    + "".join(f"a{i} = a{i - 1}[1]\n" for i in range(18, 40))
    + "long when a0 > 0",
    "a circle that is guessed wrong": "".join(f"a{i} = a{i + 1}[1]\n" for i in range(440))
    + "a440 = not a0[1]\nlong when a0",
    "a circle of timeframes": "t = "
    + total([f'tf("{i}d", close)' for i in range(1, 200)])
    + "\n"
    + "".join(f"a{i} = nz(a{i + 1}[1]) + t\n" for i in range(150))
    + "a150 = a0[1] + t\nlong when a0 > 0",
    "a circle of timeframes without a start": "".join(
        f'a{i} = a{i + 1}[1] + tf("{i + 1}d", close)\n' for i in range(220)
    )
    + "a220 = a0[1]\nlong when a0 > 0",
    "a thousand errors": "x = foo\n" * 1_000,
    "a thousand names that are nearly right": "".join(f"x{i} = closs{i}\n" for i in range(1_000)),
    "unknown functions with long names": "".join(f"x{i} = {'crosover' * 7}{i}(close)\n" for i in range(200)),
    "nothing but line ends": "\n" * 16_000,
    "control characters": "".join(chr(i) for i in range(32)) * 100,
    "lone surrogates": "x = \ud800\udfff",
    "right to left": "x = \u202e\u0661\u0662 + \u2066close",
    "zero-width": "lo\u200bng when close > open",
    "letters of other scripts": "x = " + " + ".join("дсть"[: 1 + i % 4] for i in range(1_500)),
    "combining marks": "x = a" + "\u0301" * 5_000,
    "emoji": "🚀 when 🌕",
    "emoji, many": "🚀🌕" * 2_000,
    "a byte order mark": "\ufefflong when close > open",
    "a null byte": "long when close > \x00 open",
    "spaces": " " * 16_000,
    "spaces before what is wrong": (" " * 500 + "?") * 32,
    "huge numbers": "x = " + "9" * 5_000 + "\nlong when close > 1e999",
    "huge exponents": "x = 1e" + "9" * 400 + "\nlong when x > 0",
    "many windows": f"x = {total([f'sma(close, {5000 - i})' for i in range(450)])}\nlong when x > 0",
    "work per bar": f"x = {total([f'linreg(close, {5000 - i})' for i in range(300)])}\nlong when x > 0",
    "the widest windows": f"x = {total([f'alma(close, {5000 - i}, 0.85, 6)' for i in range(300)])}\nlong when x > 0",
    "timeframes": "x = " + total([f'tf("{i}d", close)' for i in range(1, 400)]) + "\nlong when x > 0",
    "many names on many timeframes": chain(200, "close", "{p} + 1")
    + "x = "
    + total([f'tf("{i}d", a199)' for i in range(1, 120)])
    + "\nlong when x > 0",
    "names of names in one timeframe": chain(250, "close", "{p} + 1")
    + f'x = tf("1d", {total([*map("a{}".format, range(250))])})\n'
    + f'y = tf("1w", {total([*map("a{}".format, range(250))])})\nlong when x > y',
    "inputs": "".join(f"input a{i} = {i}\n" for i in range(900)) + "long when close > open",
    "inputs with ranges": "".join(f"input a{i} = 5 in 1..9 step 1\n" for i in range(350))
    + "long when close > open",
    "an input of many texts": "input a = " + '"a" in ' + ", ".join(f'"a{i}"' for i in range(1_500)),
    "powers": "x = pow(10, pow(10, pow(10, 10)))\nlong when close > x",
    "division of constants": "x = 1 / 0\ny = 1 % 0\nz = floor(1 / 0)\nlong when close > x + y + z",
    "rounding of constants": "x = round(1e300, 12) + floor(1e300) + ceil(-1e300)\nlong when close > x",
    "constants": "x = " + "1 + 2 * 3 - " * 600 + "4\nlong when close > x",
    "conditions that are constant": chain(350, "1", "{p} + 1") + "long when a349 > 0\n" * 350,
    "conditions that never hold": "never = hour > 24\n" + "long when never\n" * 900,
    "the same condition again and again": "long when close > open\n" * 650,
    "a long and": "long when " + " and ".join(f"close > {i}" for i in range(950)),
    "a long and of itself": chain(500, "close > open", "{p} and {p}") + "long when a499",
    "ors of ands": "long when " + " or ".join(f"close > {i} and close < {i - 5}" for i in range(480)),
    "equalities of a long choice": "x = close\n"
    + chain(280, "max(close, open)", "max({p}, open)")
    + "".join(f"b{i} = a279 == {i}\n" for i in range(330))
    + "long when b0",
    "alerts": "".join(f'alert "{{close}}" when close > {i}\n' for i in range(650)),
    "braces in a text": 'alert "' + "{" * 5_000 + '" when true',
    "names in a text": 'alert "' + "{close}" * 2_000 + '" when close > open',
    "unknown names in a text": 'alert "' + "{clos}" * 2_500 + '" when close > open',
    "plots": "".join(f'plot close as "p{i}"\n' for i in range(800)) + "long when close > open",
    "quotes": '"' * 4_000,
    "keywords": "long short exit when alert plot " * 500,
    "dots": "x = " + "." * 3_000,
    "comments": "# a comment\n" * 1_300 + "long when close > open",
    "the most arguments": "x = " + total([f"max({', '.join(['close'] * 64)})"] * 28) + "\nlong when x > 0",
    "bands": f"x = {total([f'bb(close, {i}, 2).upper + supertrend(2, {i}).line' for i in range(2, 190)])}\nlong when x > 0",
}
