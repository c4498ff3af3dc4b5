"""What the networks have in common: checks, and how weights start."""
from torch import nn


def check_sizes(width, **counts):
    """Raise ValueError unless the counts are 1 or more, width is above 0."""
    for name, count in counts.items():
        if count < 1:
            raise ValueError(f'{name} must be 1 or more, got {count}')
    if not width > 0:
        raise ValueError(f'width must be above 0, got {width}')


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


def init_he(net, mode='fan_in'):
    """Start weights as He and others, 2015, arXiv:1502.01852, biases at 0.

    Args:
        net: A network; its last layer, which gives the scores, is left out.
        mode: 'fan_in' keeps the size of what goes forward, 'fan_out' that
            of the gradient.
    """
    for layer in list(net.modules())[:-1]:
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(layer.weight, mode=mode)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
