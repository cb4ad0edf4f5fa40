"""Steps: what each operator does with one bar. Every way of running a formula loops over these functions.

Three shapes, by what an operator remembers:
- nothing: `step(inputs..., parameters...) -> output`
- a few numbers: `step(state, inputs..., parameters...) -> (state, output)`, state a tuple of floats
- a window too: `step(state, memory, at, inputs..., parameters...) -> (state, output)`; the window's values
  are kept in `memory` from index `at` on.

A missing value (na) is NaN. An na input to a smoothing step gives na and leaves its state unchanged; a step
over a window starts its window anew after an na, since a window that holds one is na. The order of the
floating-point operations is part of the contract; fastmath would break it.
"""
