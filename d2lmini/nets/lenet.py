"""LeNet-5, the convolutional network that read handwritten digits."""
from torch import nn


class LeNet(nn.Sequential):
    """LeNet-5 in its usual modern form: 61,706 weights for ten classes.

    LeCun, Bottou, Bengio and Haffner, Gradient-based learning applied to
    document recognition, Proceedings of the IEEE, 1998.

    in_channels, num_classes: of the images, of the answer. activation, pool:
    module classes; sigmoid and average pooling as in textbooks, or today's
    nn.ReLU and nn.MaxPool2d. Takes (N, in_channels, 28, 28), gives scores
    (N, num_classes).

    Departures from the paper: a padding of 2 for 28x28 images instead of
    32x32 ones; every map of C3 sees all maps of S2, not a chosen few; pooling
    has no weights of its own; sigmoid for the scaled tanh; a linear layer
    for the radial-basis output.
    """

    def __init__(self, num_classes=10, in_channels=1, activation=nn.Sigmoid,
                 pool=nn.AvgPool2d):
        super().__init__(
            nn.Conv2d(in_channels, 6, kernel_size=5, padding=2),
            activation(),
            pool(kernel_size=2, stride=2),      # C1, S2: (N, 6, 14, 14)
            nn.Conv2d(6, 16, kernel_size=5),
            activation(),
            pool(kernel_size=2, stride=2),      # C3, S4: (N, 16, 5, 5)
            nn.Flatten(),                       # (N, 400)
            nn.Linear(16 * 5 * 5, 120),
            activation(),                       # C5
            nn.Linear(120, 84),
            activation(),                       # F6
            nn.Linear(84, num_classes))
