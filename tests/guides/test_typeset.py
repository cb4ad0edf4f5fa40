"""Words of Markdown files as pages show them."""

from __future__ import annotations

from apps.core.templatetags.prose import RENDERER
from apps.guides.typeset import typeset


def shown(text: str) -> str:
    tokens = RENDERER.parse(text)
    typeset(tokens)
    return RENDERER.renderer.render(tokens, RENDERER.options, {})


def test_hyphens_of_sums_and_numbers_are_minus_signs_and_words_and_code_stay():
    assert shown("n - 1, -3 and (-0.5) of 2024-01-31, a look-back, `n - 1`") == (
        '<p>n − 1, −3 and (−0.5) of 2024-01-31, a look-back, <code class="whole">n - 1</code></p>\n'
    )


def test_code_is_broken_where_a_reader_would():
    assert '<code class="whole">2 units</code>' in shown("`2 units`")
    assert "<code>close</code>" in shown("`close`")
    assert '<code>complete FILE <span class="whole">[--line</span> N]</code>' in shown(
        "`complete FILE [--line N]`"
    )
    assert "<code>/api/v1/formulas/blocks/</code>" in shown("`/api/v1/formulas/blocks/`")
    assert "<code>https://<wbr>NAME:PASSWORD@your.site/<wbr>notifications/</code>" in shown(
        "`https://NAME:PASSWORD@your.site/notifications/`"
    )
    assert '<code><span class="whole">List-Unsubscribe-Post</span></code>' in shown("`List-Unsubscribe-Post`")
    assert "<code>notification-preferences/</code>" in shown("`notification-preferences/`")


def test_an_x_between_factors_is_a_sign_and_a_name_stays():
    assert shown(
        "10 x (110 - 100) x 2, price x (1 + f), weight x size x the account's, where x is na, x as y"
    ) == (
        "<p>10 × (110 − 100) × 2, price × (1 + f), weight × size × the account's, where x is na, x as y</p>\n"
    )


def test_a_column_of_numbers_is_marked_and_one_with_a_word_is_not():
    table = shown(
        "| k | n | share | m |\n|---|---|---|---|\n| 1 | 5 | 2.5 % | 5 |\n| 2 | 1,000 | - | five |\n"
    )
    assert '<th>k</th>\n<th class="n">n</th>\n<th class="n">share</th>\n<th>m</th>' in table
    assert '<td data-label="N" class="n">1,000</td>' in table
    assert '<td data-label="M">5</td>' in table


def test_names_in_a_first_cell_stand_below_one_another():
    table = shown(
        "| a | b |\n|---|---|\n| `net_profit`, `total_return` | `one`, `two` |\n| `p`, `q` | - |\n"
        "| `if`, `elif`, as statements or values | - |\n| `GET`, `PATCH`, `DELETE {uuid}/` | - |\n"
    )
    assert "<code>net_profit</code>, <br />\n<code>total_return</code>" in table
    assert "<code>one</code>, <code>two</code>" in table
    assert "<code>p</code>, <code>q</code>" in table
    assert table.count("<br") == 1, "sentences and requests run on"


def test_figures_stay_together():
    assert "every 5\N{NO-BREAK SPACE}s, 1\N{NO-BREAK SPACE}MiB of 3 hours" in shown(
        "every 5 s, 1 MiB of 3 hours"
    )
    assert "5\N{NO-BREAK SPACE}%" in shown("It is 5 %.")
    assert "USD\N{NO-BREAK SPACE}29.00, IDR\N{NO-BREAK SPACE}449,000" in shown("USD 29.00, IDR 449,000")
    cell = shown("| candles |\n|---|\n| 100 · 96 97 90 91 |\n")
    assert ">100\N{NO-BREAK SPACE}· 96\N{NO-BREAK SPACE}97\N{NO-BREAK SPACE}90\N{NO-BREAK SPACE}91<" in cell


def test_a_table_that_a_phone_cannot_hold_is_cards_whose_cells_know_their_head():
    long = "a sentence of many words that takes the whole line"
    assert '<table class="cards">' in shown(f"| a | what it is | c |\n|---|---|---|\n| 1 | {long} | 3 |\n")
    assert '<td data-label="What it is">' in shown(
        f"| a | what it is | c |\n|---|---|---|\n| 1 | {long} | 3 |\n"
    )
    assert '<table class="cards two">' in shown(f"| a | b |\n|---|---|\n| `{long}` | 2 |\n")
    assert "<table>" in shown("| a | b | c |\n|---|---|---|\n| 1 | 2 | 3 |\n")
    assert "<table>" in shown(f"| a | b |\n|---|---|\n| 1 | {long} |\n")
