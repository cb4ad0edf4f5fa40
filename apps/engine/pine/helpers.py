"""Pine functions an exported script brings along, for what Pine lacks or means differently.

Each is f_NAME for the language's NAME, with the same arguments, and returns its outputs in the same order. Sources
as in the indicators' steps: TA-Lib, else Pine's reference manual.
"""

import re

_SOURCE = r"""
f_div(float a, float b) =>
    b == 0 ? na : a / b

f_mod(float a, float b) =>
    b == 0 ? na : a % b

f_max(float a, float b) =>
    na(a) or na(b) ? na : math.max(a, b)

f_min(float a, float b) =>
    na(a) or na(b) ? na : math.min(a, b)

f_avg(float a, float b) =>
    (a + b) / 2

f_round(float x, simple int digits) =>
    float scale = math.pow(10, digits)
    math.floor(x * scale + 0.5) / scale

f_sqrt(float x) =>
    x >= 0 ? math.sqrt(x) : na

f_log(float x) =>
    x > 0 ? math.log(x) : na

f_exp(float x) =>
    x <= 709 ? math.exp(x) : na

f_pow(float x, float y) =>
    bool known = not na(x) and not na(y)
    bool defined = known and not (x == 0 and y < 0) and not (x < 0 and y != math.floor(y))
    defined ? math.pow(x, y) : na

f_dema(float src, simple int n) =>
    float once = ta.ema(src, n)
    float twice = ta.ema(once, n)
    2 * once - twice

f_tema(float src, simple int n) =>
    float once = ta.ema(src, n)
    float twice = ta.ema(once, n)
    float thrice = ta.ema(twice, n)
    3 * once - 3 * twice + thrice

f_kama(float src, simple int n) =>
    float change = src - src[n]
    float path = math.sum(math.abs(src - src[1]), n)
    float efficiency = path <= change or path == 0 ? 1.0 : math.abs(change / path)
    float speed = math.pow(efficiency * (2.0 / 3.0 - 2.0 / 31.0) + 2.0 / 31.0, 2)
    var float average = na
    average := na(path) or na(change) ? src : average + speed * (src - average)
    na(path) or na(change) ? na : average

f_natr(simple int n) =>
    float span = ta.atr(n)
    100 * span / close

f_donchian(simple int n) =>
    float top = ta.highest(high, n)
    float bottom = ta.lowest(low, n)
    [top, (top + bottom) / 2, bottom]

f_bbw(float src, simple int n, simple float k) =>
    [middle, upper, lower] = ta.bb(src, n, k)
    100 * (upper - lower) / middle

f_macd(float src, simple int fast, simple int slow, simple int signal) =>
    [macd_line, average, hist] = ta.macd(src, math.min(fast, slow), math.max(fast, slow), signal)
    [macd_line, average, hist]

f_ppo(float src, simple int fast, simple int slow) =>
    float quick = ta.ema(src, math.min(fast, slow))
    float lazy = ta.ema(src, math.max(fast, slow))
    lazy == 0 ? 0.0 : 100 * (quick - lazy) / lazy

f_stoch(simple int n, simple int k, simple int d) =>
    float top = ta.highest(high, n)
    float bottom = ta.lowest(low, n)
    float raw = top == bottom ? 0.0 : 100 * (close - bottom) / (top - bottom)
    float smooth = ta.sma(raw, k)
    float average = ta.sma(smooth, d)
    [na(average) ? na : smooth, average]

f_cmo(float src, simple int n) =>
    float move = src - src[1]
    float rise = ta.rma(move > 0 ? move : move <= 0 ? 0.0 : na, n)
    float fall = ta.rma(move < 0 ? -move : move >= 0 ? 0.0 : na, n)
    rise + fall == 0 ? 0.0 : 100 * (rise - fall) / (rise + fall)

f_ultosc(simple int a, simple int b, simple int c) =>
    int short = math.min(a, b, c)
    int long = math.max(a, b, c)
    int middle = a + b + c - short - long
    float pressure = na(close[1]) ? na : close - math.min(low, close[1])
    float span = ta.tr
    float quick_pressure = math.sum(pressure, short)
    float quick_span = math.sum(span, short)
    float medium_pressure = math.sum(pressure, middle)
    float medium_span = math.sum(span, middle)
    float slow_pressure = math.sum(pressure, long)
    float slow_span = math.sum(span, long)
    float quick = quick_pressure / quick_span
    float medium = medium_pressure / medium_span
    float slow = slow_pressure / slow_span
    100 * (4 * quick + 2 * medium + slow) / 7

f_trix(float src, simple int n) =>
    float once = ta.ema(src, n)
    float twice = ta.ema(once, n)
    float thrice = ta.ema(twice, n)
    100 * (thrice - thrice[1]) / thrice[1]

f_aroon(simple int n) =>
    float top = ta.highestbars(high, n + 1)
    float bottom = ta.lowestbars(low, n + 1)
    [100 * (top + n) / n, 100 * (bottom + n) / n]

f_awesome() =>
    float quick = ta.sma(hl2, 5)
    float slow = ta.sma(hl2, 34)
    quick - slow

f_adx(simple int n) =>
    [plus, minus, strength] = ta.dmi(n, n)
    strength

f_supertrend(simple float factor, simple int n) =>
    [stop, side] = ta.supertrend(factor, n)
    [stop, -side]

f_sar(simple float start, simple float increment, simple float limit) =>
    var float side = 0
    var float stop = na
    var float extreme = na
    var float speed = na
    float result = na
    float last_high = high[1]
    float last_low = low[1]
    if not na(last_high)
        if side == 0
            side := last_low - low > 0 and high - last_high < last_low - low ? -1 : 1
            speed := math.min(start, limit)
            extreme := side > 0 ? high : low
            stop := side > 0 ? last_low : last_high
            last_high := high
            last_low := low
        if side > 0
            if low <= stop
                stop := math.max(extreme, last_high, high)
                result := stop
                side := -1
                speed := math.min(start, limit)
                extreme := low
                stop := math.max(stop + speed * (extreme - stop), last_high, high)
            else
                result := stop
                if high > extreme
                    extreme := high
                    speed := math.min(speed + increment, limit)
                stop := math.min(stop + speed * (extreme - stop), last_low, low)
        else
            if high >= stop
                stop := math.min(extreme, last_low, low)
                result := stop
                side := 1
                speed := math.min(start, limit)
                extreme := high
                stop := math.min(stop + speed * (extreme - stop), last_low, low)
            else
                result := stop
                if low < extreme
                    extreme := low
                    speed := math.min(speed + increment, limit)
                stop := math.max(stop + speed * (extreme - stop), last_high, high)
    result

f_ichimoku(simple int conversion, simple int base, simple int span_b) =>
    float quick_top = ta.highest(high, conversion)
    float quick_bottom = ta.lowest(low, conversion)
    float slow_top = ta.highest(high, base)
    float slow_bottom = ta.lowest(low, base)
    float far_top = ta.highest(high, span_b)
    float far_bottom = ta.lowest(low, span_b)
    float quick = (quick_top + quick_bottom) / 2
    float slow = (slow_top + slow_bottom) / 2
    [quick, slow, (quick + slow) / 2, (far_top + far_bottom) / 2]

f_slope(float src, simple int n) =>
    float end = ta.linreg(src, n, 0)
    float before = ta.linreg(src, n, 1)
    end - before

f_obv() =>
    var float total = 0.0
    total := total + (na(close[1]) or close > close[1] ? volume : close < close[1] ? -volume : 0.0)
    total

f_adosc(simple int fast, simple int slow) =>
    float flow = ta.accdist
    float quick = ta.ema(flow, fast)
    float lazy = ta.ema(flow, slow)
    quick - lazy

f_rising(float src, simple int n) =>
    float top = ta.highest(src, n)
    src > top[1]

f_falling(float src, simple int n) =>
    float bottom = ta.lowest(src, n)
    src < bottom[1]

f_pivothigh(float src, simple int left, simple int right) =>
    float older = ta.highest(src, math.max(left, 1))
    float newer = ta.highest(src, math.max(right, 1))
    float pivot = src[right]
    bool above_older = left == 0 or pivot >= older[right + 1]
    bool above_newer = right == 0 or pivot > newer
    above_older and above_newer ? pivot : na

f_pivotlow(float src, simple int left, simple int right) =>
    float older = ta.lowest(src, math.max(left, 1))
    float newer = ta.lowest(src, math.max(right, 1))
    float pivot = src[right]
    bool below_older = left == 0 or pivot <= older[right + 1]
    bool below_newer = right == 0 or pivot < newer
    below_older and below_newer ? pivot : na

f_zscore(float src, simple int n) =>
    float middle = ta.sma(src, n)
    float spread = ta.stdev(src, n)
    spread == 0 ? na : (src - middle) / spread

f_frame(simple string name) =>
    string count = str.substring(name, 0, str.length(name) - 1)
    string unit = str.substring(name, str.length(name) - 1)
    float minutes = str.tonumber(count) * (unit == "h" ? 60 : 1)
    unit == "m" or unit == "h" ? str.tostring(minutes, "#") : unit == "M" ? name : count + str.upper(unit)

f_text(float x) =>
    na(x) ? "na" : str.tostring(x, "#.########")

f_truth(bool x) =>
    x ? "true" : "false"

f_time() =>
    str.format_time(time, "yyyy-MM-dd'T'HH:mm:ss'Z'", "UTC")

f_number(float x) =>
    na(x) ? "null" : str.tostring(x, "#.##########")

f_json(string words) =>
    "\"" + str.replace_all(str.replace_all(words, "\\", "\\\\"), "\"", "\\\"") + "\""

f_timeframe() =>
    int minutes = int(timeframe.in_seconds() / 60)
    bool hours = minutes >= 60 and minutes % 60 == 0
    string span = hours ? str.tostring(minutes / 60, "#") + "h" : str.tostring(minutes, "#") + "m"
    string unit = timeframe.isdaily ? "d" : timeframe.isweekly ? "w" : "M"
    timeframe.isintraday ? span : str.tostring(timeframe.multiplier, "#") + unit

f_moment(int moment) =>
    str.format_time(moment, "yyyy-MM-dd'T'HH:mm:ss'Z'", "UTC")
"""

HELPERS: dict[str, str] = {
    block.split("(", 1)[0]: block.strip("\n") for block in re.split(r"\n(?=f_)", _SOURCE) if block.strip()
}
_FOLDED = re.compile(r"f_(max|min|avg)(\d+)")
_USED = re.compile(r"\bf_\w+(?=\()")


def helpers_for(code: str) -> list[str]:
    """The definitions of every helper that `code` calls, each after those it needs."""
    found: dict[str, str] = {}

    def add(name: str) -> None:
        if name in found:
            return
        text = HELPERS.get(name) or _folded(name)
        if text is None:
            return
        for needed in _USED.findall(text.split("=>", 1)[1]):
            add(needed)
        found[name] = text

    for name in _USED.findall(code):
        add(name)
    return list(found.values())


def _folded(name: str) -> str | None:
    """`f_max3` and the like: a function of many values, one after another."""
    match = _FOLDED.fullmatch(name)
    if match is None:
        return None
    kind, count = match[1], int(match[2])
    names = [f"a{i}" for i in range(1, count + 1)]
    head = f"{name}({', '.join(f'float {each}' for each in names)}) =>\n"
    if kind == "avg":
        return f"{head}    ({' + '.join(names)}) / {count}"
    lines = [f"    float b2 = f_{kind}(a1, a2)"]
    lines += [f"    float b{i} = f_{kind}(b{i - 1}, a{i})" for i in range(3, count)]
    return head + "\n".join([*lines, f"    f_{kind}(b{count - 1}, a{count})"])
