"""What the networks ask of the arguments that they have in common."""


def check_sizes(width, **counts):
    """Raise ValueError unless the counts are 1 or more, width is above 0."""
    if min(counts.values()) < 1:
        raise ValueError(f'{listed(counts)} must be 1 or more, got '
                         f'{listed(counts.values())}')
    if not width > 0:
        raise ValueError(f'width must be above 0, got {width}')


def check_dropout(dropout):
    """Raise ValueError unless dropout is a share below 1."""
    if not 0 <= dropout < 1:
        raise ValueError(f'dropout must be from 0 to below 1, got {dropout}')


def find_blocks(depth, known, unit):
    """Return how many layers, or smaller blocks, each block of a net has.

    Args:
        depth: A key of known, or the numbers themselves, as (3, 3, 3).
        known: The depths of the paper, with their numbers.
        unit: What is counted, for the message.

    Returns:
        The numbers, a tuple or a list.

    Raises:
        ValueError: If depth is another number, or one of them is below 1.
    """
    blocks = known.get(depth) if isinstance(depth, int) else depth
    if not blocks or min(blocks) < 1:
        raise ValueError(
            f'depth must be one of {", ".join(map(str, known))} or the '
            f'number of {unit} in each block, as (3, 3, 3), got {depth}')
    return blocks


def listed(values):
    """Write values as in a sentence: a, b and c."""
    *first, last = map(str, values)
    return f'{", ".join(first)} and {last}'
