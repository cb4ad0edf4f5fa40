"""What the honesty figures refuse."""


class HonestyError(ValueError):
    """Numbers that cannot be judged; the message says what is wrong and what would be right."""
