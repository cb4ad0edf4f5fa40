"""A formula as visual blocks, both ways without loss: what a block editor draws, and what it sends back.

The form follows the JSON of Blockly's serializer: a block has a `type`, `fields` with plain values and `inputs` that
hold blocks. docs/blocks.md explains it, `block_palette` describes every block for an editor, and
`schema.blocks_schema` validates them.
"""

from apps.engine.lang.blocks.palette import block_palette
from apps.engine.lang.blocks.reader import block_ids, from_blocks
from apps.engine.lang.blocks.writer import to_blocks

__all__ = ["block_ids", "block_palette", "from_blocks", "to_blocks"]
