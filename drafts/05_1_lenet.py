# ---
# jupyter:
#   d2lmini:
#     needs: [fashion_mnist]
# ---

# A draft, not yet a page of the book. Run whole on two busy cores it gave a
# test accuracy of 0.876 (1998) and 0.905 (today) after ten epochs; the first
# is to be above 0.88, so its check cell fails. A higher rate for the sigmoid
# net is the likely cure: with Adam at 0.004, constant, validation accuracy was
# 0.876 after five epochs. To make the page: jupytext --to ipynb, tools/
# notebooks.py setup and run, then _toc.yml, index.md, web/map.svg and the
# search test. Its H1 must stand in the first cell.


# %% [markdown]
# # LeNet: your first convolutional network, and the first one that worked
#
# **You will**
#
# - build a convolutional network of your own as an `nn.Module` and train it, first line by line, then with `train_gpu`
# - choose an activation function, and measure how sigmoids in a row starve the first layers of gradient
# - flatten feature maps without losing the batch, and evaluate a network without gradients
# - predict every shape of LeNet-5 and count its 61,706 parameters by hand
# - train LeNet as in 1998 and with today's habits, and say by number which change gives what
#
# **You need**: [Convolution](01_convolution.ipynb), [Padding, stride and channels](02_padding_stride_channels.ipynb), [Pooling](03_pooling.ipynb), and what gradient descent does.
#
# **Time**: about 70 minutes to read, 5 to run.

# %% tags=["setup"]
pass

# %%
import itertools
import math
import textwrap
from functools import partial

import torch
from matplotlib import pyplot as plt
from torch import nn
from torch.nn import functional as F

from d2lmini.data import FASHION_MNIST_LABELS, load_data_fashion_mnist
from d2lmini.ops import conv_output_size
from d2lmini.plot import (draw_network, show_images, show_matrices,
                          use_style)
from d2lmini.train import evaluate_accuracy_gpu, train_gpu
from d2lmini.utils import set_seed, try_gpu

use_style()
set_seed(0)
device = try_gpu()

# %% [markdown]
# ## A first convolutional network: `nn.Module` and the training loop
#
# The chapters before built layers one at a time. What else does a program need before it can tell a shirt from a shoe? Four things: data, a network, a loss that says how wrong it is, and a loop that makes the loss smaller.
#
# The data is Fashion-MNIST: gray pictures of 28×28 pixels, ten kinds of clothing, 60,000 to learn from and 10,000 to be examined on. A tenth of the first part is held out as **validation data**: whatever we choose on this page, we choose by it, and the **test data** stays closed until the end. Predict how many minibatches of 64 there are in 54,000 images, and how large the last one is.

# %%
train_iter, valid_iter, test_iter = load_data_fashion_mnist(
    64, validation=0.1, device=device, seed=0)
for it in (train_iter, valid_iter, test_iter):
    print(f'{len(it.labels):6,} images, {len(it)} minibatches')
X, y = next(iter(valid_iter))
print('one minibatch:', tuple(X.shape), tuple(y.shape))

# %% tags=["check"]
assert len(train_iter) == math.ceil(len(train_iter.labels) / 64)
assert X.shape == (64, 1, 28, 28) and 0 <= X.min() and X.max() <= 1
print('checked: the last minibatch is short, pixels lie between 0 and 1')

# %% [markdown]
# $54000 / 64 = 843.75$, so there are 844 minibatches and the last one holds 48 images. Each minibatch is a tensor $(N, C, H, W)$ of images, floats from 0 to 1, and a tensor of $N$ labels, whole numbers from 0 to 9. Look at the data before you look at any number made from it: which of these ten kinds would *you* mix up?

# %% mystnb={"image": {"alt": "Sixteen small gray pictures of clothing with their labels: shirts, shoes, bags, trousers and so on, in two rows."}}
names = [FASHION_MNIST_LABELS[i] for i in y[:16]]
show_images(X[:16], 2, 8, titles=names, scale=0.87)
plt.show()

# %% [markdown]
# Now the network: two blocks of convolution, activation and pooling with 16 and 32 channels, then one linear layer that gives a score to each class. A network is a class derived from `nn.Module`. Its `__init__` calls `super().__init__()` first and then makes the layers; whatever layer is stored in `self` is registered, with its parameters. Its `forward` says how a minibatch goes through them. You call `net(X)`, and `nn.Module` calls `forward` for you.
#
# By hand, for $c_\text{in}$ input and $c_\text{out}$ output channels and a $k \times k$ kernel, a convolution has $c_\text{out}(c_\text{in}k^2 + 1)$ parameters. How many do the three layers have?

# %%
class FirstNet(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.block1 = nn.Sequential(
            nn.Conv2d(1, 16, kernel_size=3, padding=1), nn.ReLU(),
            nn.MaxPool2d(2))                 # (N, 16, 14, 14)
        self.block2 = nn.Sequential(
            nn.Conv2d(16, 32, kernel_size=3, padding=1), nn.ReLU(),
            nn.MaxPool2d(2))                 # (N, 32, 7, 7)
        self.out = nn.Linear(32 * 7 * 7, num_classes)

    def forward(self, X):
        X = self.block2(self.block1(X))
        return self.out(X.flatten(start_dim=1))


net = FirstNet().to(device)
for name, p in net.named_parameters():
    print(f'{name:16} {str(tuple(p.shape)):16} {p.numel():6,}')

# %% tags=["check"]
by_hand = [16 * (1 * 9 + 1), 32 * (16 * 9 + 1), 10 * (32 * 7 * 7 + 1)]
assert by_hand == [160, 4640, 15690]
assert sum(by_hand) == sum(p.numel() for p in net.parameters()) == 20490
print('checked: 160 + 4,640 + 15,690 = 20,490 parameters')

# %% [markdown]
# The **loss** is the cross-entropy. For one image with scores $o_1, \dots, o_{10}$ and label $y$ it is minus the logarithm of the probability that softmax gives to the right class; a minibatch has the mean:
#
# $$L = -\frac{1}{N} \sum_{i=1}^{N} \log \frac{e^{o_{i, y_i}}}{\sum_{k} e^{o_{ik}}}$$
#
# By hand: with the two scores 1 and 0 and the first class right, the probability is $e / (e + 1) = 0.73$ and the loss $0.31$. A network that knows nothing gives ten nearly equal scores. Predict its loss.

# %%
loss = nn.CrossEntropyLoss()
X, y = next(iter(train_iter))
print(f'{loss(torch.tensor([[1.0, 0.0]]), torch.tensor([0])):.2f}')
print(f'{loss(net(X), y):.1f}, and log 10 = {math.log(10):.1f}')

# %% tags=["check"]
assert abs(math.log(1 + math.exp(-1)) - 0.31) < 0.005
assert abs(loss(net(X), y).item() - math.log(10)) < 0.15
print('checked: an untrained network starts near log 10')

# %% [markdown]
# A fresh network whose first loss is far from $\log 10$ has a bug: it is the cheapest test there is. Now one step of training, a line at a time. `backward` computes the gradient of the loss for every parameter and *adds* it to the parameter's `.grad`; hence `zero_grad` before it. `step` then moves each parameter against its gradient, in plain gradient descent by $w \leftarrow w - \eta\, \partial L / \partial w$ with the learning rate $\eta$ (`lr`). Adam, used here, also divides by the usual size of each parameter's gradient.

# %% tags=["nbval-ignore-output"]
optimizer = torch.optim.Adam(net.parameters(), lr=0.001)
y_hat = net(X)                  # scores, (64, 10)
l = loss(y_hat, y)              # one number
optimizer.zero_grad()           # forget the gradients of the last step
l.backward()                    # a gradient for every parameter
optimizer.step()                # and a small move against it
after = loss(net(X), y)
print(f'on the same minibatch: {l:.3f} before, {after:.3f} after')

# %% tags=["check"]
assert after < l and all(p.grad is not None for p in net.parameters())
print('checked: one step made the loss smaller')

# %% [markdown]
# The **training loop** is that step for every minibatch (one walk over the data is an **epoch**), with the losses summed up on the way. The last minibatch may be short, so each loss is weighted with its number of images, and the sum is divided once, at the end. Twelve thousand images are enough for a first try.

# %% tags=["nbval-ignore-output"]
part = train_iter.take(min(12_000, len(train_iter.labels)))
set_seed(0)
net = FirstNet().to(device)
optimizer = torch.optim.Adam(net.parameters(), lr=0.001)
losses = []
for epoch in range(3):
    net.train()
    total = 0.0
    for X, y in part:
        l = loss(net(X), y)
        optimizer.zero_grad()
        l.backward()
        optimizer.step()
        total += l.item() * len(y)
    losses.append(total / len(part.labels))
    print(f'epoch {epoch + 1}: mean loss {losses[-1]:.3f}')

# %% tags=["check"]
assert losses[0] < 1.6 and losses[0] > losses[1] > losses[2]
print('checked: the loss falls from epoch to epoch')

# %% [markdown]
# `train_gpu` is this loop with what one adds sooner or later: it moves network and data to the GPU where there is one, counts right answers, tests after every epoch on the data given as second iterator (here the *validation* data), draws the curves while it runs, and returns a `History` that prints as a table. From the same start it must give the same losses as the loop by hand. Before you run it: will the accuracy on images that it never trained on be above or below the accuracy in training?

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Three curves over three epochs: the training loss falls below 0.5, the training accuracy and the validation accuracy rise above 0.8."}}
set_seed(0)
net = FirstNet()
history = train_gpu(net, part, valid_iter, num_epochs=3, lr=0.001,
                    optimizer=torch.optim.Adam)
print(history)

# %% tags=["check"]
floor = 0.80 if len(part.labels) == 12_000 else 0.65
assert max(abs(a - b) for a, b in zip(history.loss, losses)) < 0.01
assert history.test_acc[-1] > floor
print('checked: the same losses as by hand; '
      f'validation accuracy above {floor:.2f}')

# %% [markdown]
# Four fifths right after a minute of looking at a fifth of the data. The two accuracies lie close together, and the validation accuracy is often the *higher* one at first: the training accuracy of an epoch is gathered while the network still changes, the other one is measured after the epoch. A network of 20,490 parameters that sees 12,000 pictures three times has not begun to learn them by heart.

# %% [markdown]
# ## Activation functions: sigmoid, tanh, ReLU, in place or not
#
# What would happen without the `nn.ReLU()` between the layers? Take one number: a layer $a x$ followed by a layer $b x$ is the layer $(ab) x$. Convolutions in a row are no better: a linear map of a linear map is linear, so the stack could be replaced by one layer. A map $f$ is linear when $f(A + B) = f(A) + f(B)$. Predict the two answers below, without and with an activation function between two convolutions.

# %%
two = nn.Sequential(nn.Conv2d(1, 4, 3, bias=False),
                    nn.Conv2d(4, 1, 3, bias=False))
A, B = torch.randn(2, 1, 1, 8, 8)
without = torch.allclose(two(A + B), two(A) + two(B), atol=1e-5)
two.insert(1, nn.ReLU())
print(without, torch.allclose(two(A + B), two(A) + two(B), atol=1e-5))

# %% [markdown]
# Three functions are in wide use, each applied to every number on its own:
#
# $$\begin{aligned} \sigma(x) &= \frac{1}{1 + e^{-x}} & \sigma'(x) &= \sigma(x)(1 - \sigma(x)) \\ \tanh(x) &= 2\sigma(2x) - 1 & \tanh'(x) &= 1 - \tanh^2(x) \\ \operatorname{ReLU}(x) &= \max(x, 0) & \operatorname{ReLU}'(x) &= 1 \text{ if } x > 0 \text{, else } 0 \end{aligned}$$
#
# By hand: $\sigma(0) = \frac{1}{2}$ with slope $\frac{1}{4}$, and $\sigma(4) = 0.982$ with slope $0.982 \cdot 0.018 = 0.018$. Where is the slope of the sigmoid largest, and how large is the slope of each function at $x = 4$?

# %%
def sigmoid(x):
    return 1 / (1 + torch.exp(-x))


x = torch.linspace(-6, 6, 121, requires_grad=True)
functions = {'sigmoid': sigmoid, 'tanh': torch.tanh, 'ReLU': torch.relu}
slopes = {name: torch.autograd.grad(f(x).sum(), x)[0]
          for name, f in functions.items()}
for name, slope in slopes.items():
    print(f'{name:8} slope at 0: {slope[60]:.3f}, at 4: {slope[100]:.3f}')

# %% mystnb={"image": {"alt": "Left: sigmoid rises from 0 to 1, tanh from -1 to 1, ReLU is 0 and then a straight line. Right: their gradients; the sigmoid's is a low bump of height a quarter, tanh's a bump of height 1, ReLU's a step from 0 to 1."}}
_, axes = plt.subplots(1, 2, figsize=(7, 2.5))
for name, f in functions.items():
    axes[0].plot(x.detach(), f(x).detach(), label=name)
    axes[1].plot(x.detach(), slopes[name])
axes[0].set(xlabel='x', ylabel='activation', ylim=[-1.2, 3])
axes[1].set(xlabel='x', ylabel='gradient')
axes[0].legend()
plt.show()

# %% tags=["check"]
s, t = torch.sigmoid(x), torch.tanh(x)
assert torch.allclose(sigmoid(x), s)
assert torch.allclose(slopes['sigmoid'], s * (1 - s), atol=1e-6)
assert torch.allclose(slopes['tanh'], 1 - t ** 2, atol=1e-6)
assert torch.equal(slopes['ReLU'], (x > 0).float())
assert abs(slopes['sigmoid'].max() - 0.25) < 1e-6
assert abs(slopes['tanh'].max() - 1) < 1e-6
print('checked: PyTorch agrees with the three formulas')

# %% [markdown]
# A sigmoid passes on at most a quarter of the gradient that reaches it, and next to nothing where it is saturated. In a chain $h_k = \sigma(h_{k-1})$ the chain rule multiplies the slopes:
#
# $$\frac{\partial h_k}{\partial h_0} = \prod_{j=0}^{k-1} \sigma'(h_j) \le \left(\tfrac{1}{4}\right)^k$$
#
# Predict the power of ten after eight sigmoids, starting from $h_0 = 0$, where the first slope is as large as it can be.

# %%
h = h0 = torch.zeros(1, requires_grad=True)
for k in range(1, 9):
    h = sigmoid(h)
    slope, = torch.autograd.grad(h, h0, retain_graph=True)
    print(f'{k} sigmoids: {slope.item():.6f}, at most {0.25 ** k:.6f}')

# %% [markdown]
# In a network there are weights between the sigmoids, which could make up for the loss, if they were large; at the usual start they do not. So measure: ten linear layers of 100 units, each followed by the same activation function, started with the gain that PyTorch recommends for it. How large is the gradient that arrives at the weights of each layer, and by which factor does the first layer get less than the last?

# %%
def gradient_norms(name, activation, depth=10, width=100):
    set_seed(0)
    layers = [nn.Linear(width, width) for _ in range(depth)]
    for layer in layers:
        nn.init.xavier_uniform_(layer.weight, nn.init.calculate_gain(name))
    h, y = torch.randn(64, width), torch.randint(width, (64,))
    for layer in layers:
        h = activation(layer(h))
    F.cross_entropy(h, y).backward()
    return [layer.weight.grad.norm().item() for layer in layers]


norms = {name: gradient_norms(name, activation) for name, activation in
         [('sigmoid', sigmoid), ('tanh', torch.tanh), ('relu', torch.relu)]}
for name, g in norms.items():
    print(f'{name:8} first layer / last layer: {g[0] / g[-1]:.0e}')

# %% mystnb={"image": {"alt": "Gradient size by layer on a logarithmic axis: for tanh and ReLU the ten layers get about the same, for the sigmoid each layer gets about a quarter of the next one, a millionth at the first."}}
_, ax = plt.subplots()
for name, g in norms.items():
    ax.semilogy(range(1, 11), g, label=name)
ax.set(xlabel='layer', ylabel='norm of the gradient')
ax.legend()
plt.show()

# %% tags=["check"]
assert slope < 0.25 ** 8 and slope > 5e-6
assert norms['sigmoid'][0] / norms['sigmoid'][-1] < 1e-4
for name in ('tanh', 'relu'):
    assert 0.1 < norms[name][0] / norms[name][-1] < 10
print('checked: ten sigmoids leave the first layer under a ten-thousandth')

# %% [markdown]
# This is the **vanishing gradient**. Tanh, with slope 1 at the origin, and ReLU, with slope 1 on half of its inputs, keep the layers alive. ReLU has a weakness of its own: a unit whose input is negative for all images gets no gradient at all and stays dead.
#
# `nn.ReLU(inplace=True)` writes its result over its input and so does without one more feature map in memory. What does that do to `h` here, and to the sum of `h` and its ReLU?

# %%
def sum_with_relu(inplace):
    h = torch.tensor([-1.0, 2.0])
    return nn.ReLU(inplace=inplace)(h) + h


h = torch.tensor([-1.0, 2.0])
a = nn.ReLU(inplace=True)(h)
print('h is now', h.tolist(), 'and the result is h itself:', a is h)
print(sum_with_relu(False).tolist(), sum_with_relu(True).tolist())

# %% [markdown]
# The second line is the dangerous case: no error, another result. A network that uses a feature map twice, as one with a shortcut does, must not overwrite it in between. In other cases autograd notices: the gradient of the sigmoid is computed from its output, so that output must not change before `backward`. A convolution needs its input and its weights for the gradient, not its output; there `inplace=True` is safe. A small helper shows the error in full without stopping the page.

# %%
def error_of(call):
    try:
        call()
    except Exception as error:
        return f'{type(error).__name__}: {error}'
    return 'no error'


x = torch.zeros(3, requires_grad=True)
h = torch.sigmoid(x)
message = error_of(lambda: nn.ReLU(inplace=True)(h).sum().backward())
print(textwrap.fill(message, 72))

# %% tags=["check"]
conv_relu = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(inplace=True))
assert error_of(lambda: conv_relu(A).sum().backward()) == 'no error'
assert 'modified by an inplace operation' in message
assert sum_with_relu(False).tolist() == [-1, 4]
assert sum_with_relu(True).tolist() == [0, 4]
assert without and not two[1].inplace
print('checked: harmless after a convolution, an error after a sigmoid')

# %% [markdown]
# ## Flattening feature maps without losing the batch
#
# A linear layer takes rows of numbers, the blocks give maps $(N, C, H, W)$. How do the maps of one image become one row, without the images running together? Number $C$ channels, rows and columns from 0; then the value at channel $c$, row $i$, column $j$ goes to the place
#
# $$p = c \cdot HW + i \cdot W + j$$
#
# By hand, with 3 channels of 2×2: channel 1, row 0, column 1 goes to place $1 \cdot 4 + 0 \cdot 2 + 1 = 5$. Which number stands there, if the two images hold 0 to 23 in order?

# %%
maps = torch.arange(24).reshape(2, 3, 2, 2)
N, C, H, W = maps.shape
rows = torch.zeros(N, C * H * W, dtype=maps.dtype)
for c, i, j in itertools.product(range(C), range(H), range(W)):
    rows[:, c * H * W + i * W + j] = maps[:, c, i, j]
print(rows)

# %% [markdown]
# PyTorch keeps the numbers of a tensor in just this order, so nothing has to be moved: `flatten(start_dim=1)`, `reshape(N, -1)` and the layer `nn.Flatten()` give the same rows. `nn.Flatten` starts at dimension 1 unless told otherwise, `Tensor.flatten` and `torch.flatten` start at 0 and swallow the batch. Which of these five keep the two images apart?

# %%
ways = {'flatten(start_dim=1)': maps.flatten(start_dim=1),
        'reshape(len(maps), -1)': maps.reshape(len(maps), -1),
        'nn.Flatten()(maps)': nn.Flatten()(maps),
        'flatten()': maps.flatten(),
        'reshape(-1)': maps.reshape(-1)}
for name, result in ways.items():
    print(f'{name:24} {tuple(result.shape)}')

# %% tags=["check"]
for name in list(ways)[:3]:
    assert torch.equal(ways[name], rows)
assert ways['flatten()'].shape == ways['reshape(-1)'].shape == (24,)
assert rows[0, 5] == maps[0, 1, 0, 1] == 5
print('checked: three ways give the rows of the loops')

# %% [markdown]
# Forgetting to flatten, or flattening everything, ends in an error with two shapes in it: `mat1` is what came in, `mat2` the weight matrix. The nasty case is a `-1` in the wrong place. Suppose you believe in 784 numbers an image where there are $32 \cdot 7 \cdot 7 = 1568$, and write `reshape(-1, 784)`. The 64 images become 128 rows, half an image each, and every layer is content. Who notices?

# %%
maps, y = torch.randn(64, 32, 7, 7), torch.zeros(64, dtype=torch.long)
halves = nn.Linear(784, 10)(maps.reshape(-1, 784))
calls = {'not flattened': lambda: nn.Linear(1568, 10)(maps),
         'reshape(-1)': lambda: nn.Linear(1568, 10)(maps.reshape(-1)),
         'reshape(-1, 784)': lambda: F.cross_entropy(halves, y)}
messages = {name: error_of(call) for name, call in calls.items()}
for name, message in messages.items():
    print(f'{name}:\n  {message}')

# %% tags=["check"]
assert '(14336x7 and 1568x10)' in messages['not flattened']
assert '(1x100352 and 1568x10)' in messages['reshape(-1)']
assert 'batch_size (128)' in messages['reshape(-1, 784)']
assert error_of(lambda: maps.reshape(len(maps), 784)).startswith('Runtime')
print('checked: only the loss notices the halved images')

# %% [markdown]
# With `reshape(len(X), -1)` the batch cannot change, whatever you believe about the rest. One more way to lose it: `X[0]` is a picture without a batch, $(1, 28, 28)$. A convolution accepts it, and `nn.Flatten` then keeps the channels apart instead of the images. Write `X[:1]`.
#
# ## Evaluating without gradients: `eval` and `no_grad`
#
# To measure a network's accuracy one runs it, and nothing else. Which two things from training must be switched off, and why two? `net.eval()` changes what some layers *compute*: dropout stops dropping, batch normalization stops using the statistics of the minibatch. `torch.no_grad()` changes what autograd *keeps*: no graph, no gradients. Each does its own half. In the table: does the network give the same answer twice, and does the answer carry a graph?

# %%
drop = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(784, 10))
X = torch.rand(8, 1, 28, 28)
facts = {}
for training, grad in itertools.product([True, False], [True, False]):
    drop.train(training)
    with torch.set_grad_enabled(grad):
        a, b = drop(X), drop(X)
    facts[training, grad] = torch.equal(a, b), a.requires_grad
    print('train()' if training else 'eval() ',
          'with graph   ' if grad else 'in no_grad():',
          'same twice:', facts[training, grad][0],
          ' graph kept:', facts[training, grad][1])

# %% tags=["check"]
for (training, grad), (same, graph) in facts.items():
    assert same != training and graph == grad
print('checked: eval() and no_grad() do different things')

# %% [markdown]
# What does the graph cost? Autograd keeps each tensor that some layer will need in `backward`. PyTorch lets us look on: the hook `pack` is called for each. Work it out by hand for `FirstNet` and one image: the input of 784 floats; per block the ReLU's output ($16 \cdot 28 \cdot 28$ and $32 \cdot 14 \cdot 14$ floats) and the pooling's output ($16 \cdot 14 \cdot 14$ and $32 \cdot 7 \cdot 7$ floats, 4 bytes each) with the places of its maxima (as many integers, 8 bytes each). Together 134,848 bytes. And for 1,000 images?

# %%
def bytes_kept(net, X):
    kept = {}

    def pack(tensor):
        kept[tensor.data_ptr()] = tensor.nbytes
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        y_hat = net(X)  # kept alive, as in training, until here
    return sum(kept.values())


X = torch.rand(1000, 1, 28, 28)
kept = bytes_kept(FirstNet(), X)
with torch.no_grad():
    nothing = bytes_kept(FirstNet(), X)
print(f'{kept / 1e6:.0f} MB with the graph, {nothing} with no_grad()')

# %% tags=["check"]
per_image = 4 * (784 + 16 * 28 * 28 + 32 * 14 * 14) + (4 + 8) * (
    16 * 14 * 14 + 32 * 7 * 7)
assert per_image == 134_848 and nothing == 0
assert abs(kept / (1000 * per_image) - 1) < 0.01
print('checked: 134,848 bytes an image, as counted by hand')

# %% [markdown]
# So 135 MB against nothing, for a net of 82 kB. The graph also outlives the minibatch when you sum up losses as tensors: `total += loss(net(X), y)` keeps the graphs of the whole epoch; `.item()`, as in the loop above, keeps a number.
#
# One more trap is in the division. Three images of which two are right, then a last minibatch of one, wrong: the mean of the two accuracies is $(\frac{2}{3} + 0) / 2 = 0.33$; the truth is $\frac{2}{4} = 0.5$. Sum up, and divide once.

# %% tags=["nbval-ignore-output"]
def share_right(net, data_iter):
    net.eval()
    right = seen = 0
    with torch.no_grad():
        for X, y in data_iter:
            right += (net(X).argmax(dim=1) == y).sum().item()
            seen += len(y)
    return right / seen


print(f'{share_right(net, valid_iter):.3f} of the validation images')

# %% tags=["check"]
result = share_right(net, valid_iter)
assert abs(result - evaluate_accuracy_gpu(net, valid_iter)) < 1e-9
assert abs(result - history.test_acc[-1]) < 1e-3
print('checked: evaluate_accuracy_gpu and train_gpu give the same')

# %% [markdown]
# ## LeNet-5: its block, its shapes, its 61,706 parameters
#
# Which problem did the first of the classic networks solve? In the 1990s, banks wanted machines to read the amounts on handwritten checks. Programs of the time had two parts: feature detectors designed by hand (strokes, loops, line ends) and a small trained classifier on top. LeCun, Bottou, Bengio and Haffner let gradient descent find the features as well, from pixels to digit; their paper of 1998 reports a system in use that read several million checks a day.
#
# The block of **LeNet-5** is convolution 5×5, activation, pooling 2×2. Two blocks make maps smaller and more numerous, three linear layers decide. The names come from the paper: C for convolution, S for subsampling (pooling), F for fully connected.

# %%
class LeNet(nn.Sequential):
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

# %% [markdown]
# A convolution or a pooling with kernel $k$, padding $p$ and stride $s$ turns $n$ pixels into
#
# $$\left\lfloor \frac{n + 2p - k}{s} \right\rfloor + 1$$
#
# pixels. By hand: C1 gives $28 + 4 - 5 + 1 = 28$ and S2 halves that to 14. Do the other three yourself, C3, S4 and the number of features after flattening, before you run the cell. An activation changes no shape, so the table leaves it out.

# %%
def shape_table(net, X):
    rows = [('image', tuple(X.shape[1:]))]
    for layer in net:
        X = layer(X)
        rows.append((type(layer).__name__, tuple(X.shape[1:])))
    return [row for row in rows if row[0] != 'Sigmoid']


table = shape_table(LeNet(), torch.rand(1, 1, 28, 28))
for name, shape in table:
    print(f'{name:10} {shape}')

# %% mystnb={"image": {"alt": "LeNet-5 as a row of boxes: image 1 by 28 by 28; C1, 6 maps of 28 by 28; S2, 6 of 14 by 14; C3, 16 of 10 by 10; S4, 16 of 5 by 5; then vectors of 400, 120, 84 and 10."}}
labels = ['image', 'C1\nconv 5×5', 'S2\npool 2×2', 'C3\nconv 5×5',
          'S4\npool 2×2', 'flatten', 'C5\nlinear', 'F6\nlinear', 'scores']
draw_network([(label, shape) for label, (_, shape) in zip(labels, table)])
plt.show()

# %% tags=["check"]
sizes = [28]
for k, s, p in [(5, 1, 2), (2, 2, 0), (5, 1, 0), (2, 2, 0)]:
    sizes.append(conv_output_size(sizes[-1], k, stride=s, padding=p))
assert sizes == [28, 28, 14, 10, 5]
assert sizes == [shape[-1] for _, shape in table[:5]]
assert [shape for _, shape in table[5:]] == [(400,), (120,), (84,), (10,)]
print('checked: 28, 28, 14, 10, 5, then 400, 120, 84, 10')

# %% [markdown]
# In the drawing a box is one step higher where the map's side doubles and one step wider where the channels do: the maps shrink while the channels grow, as they will in every network of this book. Now count the parameters by hand. Which layer has most of them?
#
# | layer | units, weights and bias of each | parameters |
# |:--|:--|--:|
# | C1 | $6 \cdot (1 \cdot 5 \cdot 5 + 1)$ | 156 |
# | C3 | $16 \cdot (6 \cdot 5 \cdot 5 + 1)$ | 2,416 |
# | C5 | $120 \cdot (400 + 1)$ | 48,120 |
# | F6 | $84 \cdot (120 + 1)$ | 10,164 |
# | scores | $10 \cdot (84 + 1)$ | 850 |
# | together | | 61,706 |

# %%
counts = [sum(p.numel() for p in layer.parameters()) for layer in LeNet()]
counts = [n for n in counts if n]
print(counts, sum(counts))

# %% tags=["check"]
assert counts == [156, 2416, 48120, 10164, 850] and sum(counts) == 61706
print(f'checked: 61,706 parameters, {counts[2] / 61706:.0%} of them in C5')

# %% [markdown]
# This is LeNet-5 in the form in which everybody types it in. The network of the paper differs in five points. Its images were 32×32, so C1 needed no padding. Not every map of C3 saw all six maps of S2: six maps saw three of them, nine saw four, one saw all. Its pooling layers had two parameters a map, a factor for the mean and a bias. Its activation was a scaled tanh. And its last layer compared F6 with ten fixed patterns, by distance. From this, can you find the round number of trainable parameters that the paper gives?

# %%
sees = 6 * [3] + 9 * [4] + [6]          # maps of S2 that each map of C3 sees
paper = {'C1': 6 * (25 + 1), 'S2': 6 * 2,
         'C3': sum(25 * n + 1 for n in sees), 'S4': 16 * 2,
         'C5': 120 * (400 + 1), 'F6': 84 * (120 + 1)}
print(paper, sum(paper.values()))

# %% tags=["check"]
assert len(sees) == 16 and sum(paper.values()) == 60_000
print('checked: 60,000 trainable parameters in the paper')

# %% [markdown]
# What happens when LeNet is typed in with a slip? Three that are made every year: a padding of 2 on C3 too, since C1 has one; 184 for 84; and `__init__` without its `super().__init__()`. Before you run the cell, say for the first one which number will stand where 400 is wanted.

# %%
padded, typo = LeNet(), LeNet()
padded[3] = nn.Conv2d(6, 16, kernel_size=5, padding=2)
typo[11] = nn.Linear(184, 10)


class Forgetful(nn.Module):
    def __init__(self):
        self.conv = nn.Conv2d(1, 6, kernel_size=5)


X = torch.rand(64, 1, 28, 28)
slips = [error_of(call) for call in (
    lambda: padded(X), lambda: typo(X), Forgetful, lambda: LeNet()(X[0]))]
print('\n'.join(slips))

# %% tags=["check"]
for slip, part_of_it in zip(slips, ['64x784 and 400x120', '64x84 and 184x10',
                                    'before Module.__init__()',
                                    '16x25 and 400x120']):
    assert part_of_it in slip, slip
print('checked: 784 = 16 · 7 · 7 where 400 = 16 · 5 · 5 is wanted')

# %% [markdown]
# The last line is the picture without a batch from above. A fourth slip gives no error at all: a softmax at the end of the network, although `nn.CrossEntropyLoss` holds one already. The loss then sees ten scores between 0 and 1. Even for a network that is certain and right its value is $\log(e + 9) - 1$. How far from zero is that?

# %%
certain, y = torch.tensor([[100.0] + 9 * [0.0]]), torch.tensor([0])
print(f'scores:        {F.cross_entropy(certain, y):.3f}')
print(f'after softmax: {F.cross_entropy(certain.softmax(dim=1), y):.3f}')

# %% tags=["check"]
stuck = F.cross_entropy(certain.softmax(dim=1), y).item()
assert abs(stuck - (math.log(math.e + 9) - 1)) < 1e-5
print('checked: with two softmaxes the loss never falls below 1.461')

# %% [markdown]
# ## Training LeNet as in 1998 and with today's habits
#
# The 1998 form has sigmoids and average pooling. Today one would take ReLU and max pooling, and draw the initial weights accordingly. Which of these changes matter, and how much?
#
# Take the initial weights first. **Xavier's initialization** (Glorot and Bengio) keeps the size of activations and gradients level in a layer whose activation has slope 1; **He's** makes up for the half of the inputs that ReLU sets to 0. Both draw uniformly from $-a$ to $a$:
#
# $$a_\text{Xavier} = \sqrt{\frac{6}{\text{fan}_\text{in} + \text{fan}_\text{out}}}, \qquad a_\text{He} = \sqrt{\frac{6}{\text{fan}_\text{in}}}$$
#
# with $\text{fan}_\text{in} = c_\text{in} k^2$ and $\text{fan}_\text{out} = c_\text{out} k^2$. By hand for C1: 25 and 150, so $a_\text{Xavier} = \sqrt{6/175} = 0.185$. And $a_\text{He}$?

# %%
def init_weights(module):
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        nn.init.xavier_uniform_(module.weight)


def he_weights(module):
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        nn.init.kaiming_uniform_(module.weight, nonlinearity='relu')


old = LeNet().apply(init_weights)
new = LeNet(activation=nn.ReLU, pool=nn.MaxPool2d).apply(he_weights)
for net in (old, new):
    print(f'largest weight of C1: {net[0].weight.abs().max():.2f}')

# %% [markdown]
# Before any training, send one minibatch through both networks and back. How large is the gradient at the weights of each layer, relative to those of the last? With four sigmoids on the way to C1, four factors of at most a quarter each, what do you expect of the old net?

# %%
X, y = next(iter(valid_iter))
for name, net in {'1998': old, 'today': new}.items():
    F.cross_entropy(net.to(device)(X), y).backward()
    g = [m.weight.grad.norm().item() for m in net if hasattr(m, 'weight')]
    print(f'{name:6}', ' '.join(f'{n / g[-1]:8.4f}' for n in g))

# %% tags=["check"]
g = [[net[i].weight.grad.norm() for i in (0, 11)] for net in (old, new)]
assert g[0][0] / g[0][1] < 0.02 and g[1][0] / g[1][1] > 0.1
for net, a in zip((old, new), (math.sqrt(6 / 175), math.sqrt(6 / 25))):
    assert 0.9 * a < net[0].weight.abs().max() <= a
print('checked: four sigmoids leave C1 under a fiftieth, ReLU a fair share')

# %% [markdown]
# Now the ablation: from 1998 to today one change at a time, and each network at three learning rates, since the best rate changes with the network. All get the same 4,000 images five times in the same order, by Adam, and are compared on 2,000 images of the *validation* data. Predict which single change gains most.

# %% tags=["nbval-ignore-output"]
recipes = {'1998': (nn.Sigmoid, nn.AvgPool2d, init_weights),
           '+ ReLU': (nn.ReLU, nn.AvgPool2d, init_weights),
           '+ max pooling': (nn.ReLU, nn.MaxPool2d, init_weights),
           '+ He': (nn.ReLU, nn.MaxPool2d, he_weights)}
rates, adam = [0.001, 0.003, 0.01], torch.optim.Adam
few, judge = train_iter.take(4000), valid_iter.take(
    min(2000, len(valid_iter.labels)))
result = {name: [] for name in recipes}
for name, (activation, pool, init) in recipes.items():
    for lr in rates:
        net = LeNet(activation=activation, pool=pool)
        history = train_gpu(net, few, judge, 5, lr, optimizer=adam,
                            init=init, seed=0, plot=False)
        result[name].append(history.test_acc[-1])
    print(f'{name:14}', *(f'{acc:6.3f}' for acc in result[name]))

# %% tags=["check"]
best = {name: max(accs) for name, accs in result.items()}
accs = [row[1] for row in result.values()]      # at the rate 0.003
gains = [after - before for before, after in zip(accs, accs[1:])]
assert gains[0] > 0.02 and gains[0] == max(gains)
assert all(row[1] > best[name] - 0.06 for name, row in result.items())
print('checked: at the rate 0.003 ReLU gains most, more than 0.02')

# %% [markdown]
# At the middle rate the change of activation gains most, more than 0.02; max pooling and He's weights change less, and one run each cannot rank such small steps (exercise 5 gives them more seeds). The rate 0.003 is within 0.06 of the best in every row: we take it for all that follows, and let it fall to zero in a straight line, epoch by epoch, so that the last steps are small.
#
# With everything chosen, nothing needs to be held out any more: the two final networks learn from all 60,000 training images, and `None` stands where the test data would be. First 1998. Recall the gradients: what will its loss look like at the start?

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "The training loss of LeNet with sigmoids stays near 2.3 at first, then falls; the training accuracy rises from 0.1 to almost 0.9."}}
all_iter, test_iter = load_data_fashion_mnist(64, device=device, seed=0)
full = len(all_iter.labels) == 60_000
num_epochs = 10 if full else 30
falling = partial(torch.optim.lr_scheduler.LinearLR, start_factor=1.0,
                  end_factor=0.0, total_iters=num_epochs)
old = LeNet()
old_history = train_gpu(old, all_iter, None, num_epochs, lr=0.003, seed=0,
                        optimizer=adam, init=init_weights,
                        scheduler=falling)
print(old_history)

# %% tags=["check"]
assert old_history.loss[-1] < 0.5 < old_history.loss[0]
print('checked: a high loss in the first epoch, below 0.4 in the end')

# %% [markdown]
# The loss falls slowly until the first layers have come into motion, then quickly. Now today's habits: the same images, order, rate and number of epochs, so that whatever differs comes from the three changes.

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "The training loss of LeNet with ReLU falls at once, below 0.3; the training accuracy rises above 0.9."}}
new = LeNet(activation=nn.ReLU, pool=nn.MaxPool2d)
new_history = train_gpu(new, all_iter, None, num_epochs, lr=0.003, seed=0,
                        optimizer=adam, init=he_weights,
                        scheduler=falling)
print(new_history)

# %% tags=["check"]
assert new_history.loss[0] < 0.9 * old_history.loss[0]
assert new_history.loss[-1] < old_history.loss[-1]
print("checked: today's net is ahead from the first epoch to the last")

# %% [markdown]
# Everything is decided, so now, and only now, the test data: one look, for both networks. From their last training accuracies, predict the two numbers.

# %% tags=["nbval-ignore-output"]
def predict(net, data_iter):
    net.eval()
    with torch.no_grad():
        return torch.cat([net(X).argmax(dim=1) for X, _ in data_iter])


y = test_iter.labels
y_old, y_new = predict(old, test_iter), predict(new, test_iter)
old_acc, new_acc = [(p == y).float().mean().item() for p in (y_old, y_new)]
print(f'test accuracy: {old_acc:.3f} as in 1998, {new_acc:.3f} today')

# %% tags=["check"]
floors = (0.88, 0.90) if full else (0.60, 0.80)
assert old_acc > floors[0] and new_acc > floors[1]
print(f'checked: above {floors[0]:.2f} and {floors[1]:.2f}')

# %% [markdown]
# Where do the mistakes lie? The **confusion matrix** counts, for each true class (row), what the network said (column); right answers stand on the diagonal. A pair of a class and an answer is the number $10\,y + \hat y$ from 0 to 99, so counting these numbers gives the matrix. Which class will be worst, and what will it be taken for?

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Confusion matrix, true class by predicted class, of LeNet with today's habits. The diagonal is strong everywhere but for shirts, which are taken for t-shirts, pullovers and coats."}}
confusion = torch.bincount(10 * y + y_new, minlength=100).reshape(10, 10)
ax, = show_matrices([confusion], ['predicted'], fmt='{:.0f}')
ax.set_axis_on()
ax.set_xticks(range(10), FASHION_MNIST_LABELS, rotation=90)
ax.set_yticks(range(10), FASHION_MNIST_LABELS)
ax.set_ylabel('true')
plt.show()
recall = (confusion.diag() / confusion.sum(dim=1)).tolist()
for name, share in sorted(zip(FASHION_MNIST_LABELS, recall),
                          key=lambda pair: pair[1]):
    print(f'{name:10} {share:.2f}')

# %% tags=["check"]
shirt, t_shirt = (FASHION_MNIST_LABELS.index(n) for n in ('shirt', 't-shirt'))
wrong = confusion[shirt].clone()
wrong[shirt] = 0
assert min(recall) == recall[shirt] < 0.85 and wrong[t_shirt] > 0
assert int(wrong[[0, 2, 3, 4]].sum()) > 0.9 * int(wrong.sum())
print('checked: shirts are hardest, and taken for other tops')

# %% [markdown]
# Shirts are the hardest class, and nearly all of the shirts that go wrong are taken for t-shirts, pullovers, dresses or coats, other clothes for the same half of the body. Look at some pictures before you blame the network: the first six that it got right, and the first six that it got wrong. How many of the wrong ones would *you* have named?

# %% mystnb={"image": {"alt": "Two rows of six pictures from the test data: above, six that the network names rightly; below, six with the true name and the network's wrong answer."}}
right, wrong = [(y_new == y).eq(b).nonzero().flatten()[:6].tolist()
                for b in (True, False)]
names = [FASHION_MNIST_LABELS[y[i]] for i in right] + [
    f'{FASHION_MNIST_LABELS[y[i]]},\nnot {FASHION_MNIST_LABELS[y_new[i]]}'
    for i in wrong]
show_images(test_iter.images[right + wrong], 2, 6, names, scale=1.15)
plt.show()

# %% tags=["check"]
assert (y_new[right] == y[right]).all() and (y_new[wrong] != y[wrong]).all()
print('checked: six right, six wrong')

# %% [markdown]
# Last, look inside. C1 has six kernels of 5×5, the only ones that work on pixels, so they can be looked at as pictures. The kernels drew their first weights at random; what has training made of them?

# %% mystnb={"image": {"alt": "The six first-layer kernels of both networks as small gray pictures: light and dark areas lie together in patches and edges instead of single random pixels."}}
kernels = torch.cat([old[0].weight, new[0].weight])
titles = [f'{year}, {i}' for year in ('1998', 'today') for i in range(1, 7)]
show_images(kernels, 2, 6, titles, scale=1.0)
plt.show()

# %% [markdown]
# Trained kernels can show a light side beside a dark side, an edge detector as you built by hand in [Convolution](01_convolution.ipynb); nobody put it there. With 25 weights each they are small, so do not read too much into them: chapters to come look at larger first layers.

# %% [markdown]
# ## Summary
#
# - A network of your own is a class derived from `nn.Module`: layers in `__init__`, their order in `forward`. A training step is forward, loss, `zero_grad`, `backward`, `step`; `train_gpu` is the loop around it.
# - A sigmoid passes on at most a quarter of the gradient, so ten in a row leave the first layer less than a ten-thousandth of what the last one gets. Tanh and ReLU keep it level. `inplace=True` is safe only where nobody needs the overwritten map.
# - `flatten(start_dim=1)`, `nn.Flatten()` and `reshape(len(X), -1)` keep the batch. `eval()` changes what layers compute, `no_grad()` what autograd keeps; an evaluation wants both.
# - LeNet-5 is convolution, activation, pooling, twice, and three linear layers: maps of 28, 28, 14, 10 and 5 pixels, then 400, 120, 84 and 10 numbers, 61,706 parameters, most of them in C5. It is small enough to be trained in full size here.
# - On the test images, opened once, the form of 1998 gets above 0.88 right and today's above 0.90. The change of activation gives most of it.
#
# ### What goes wrong
#
# - **A padding of 2 on C3 as well.** `mat1 and mat2 shapes cannot be multiplied (64x784 and 400x120)`: the maps are 7×7, not 5×5. Remove the padding, or count again.
# - **184 for 84.** `mat1 and mat2 shapes cannot be multiplied (64x84 and 184x10)`. The first pair of numbers is what came in, the second the layer: mend `in_features`.
# - **No `super().__init__()`.** `AttributeError: cannot assign module before Module.__init__() call`. Call it in the first line of `__init__`.
# - **`X[0]` for `X[:1]`.** `mat1 and mat2 shapes cannot be multiplied (16x25 and 400x120)`: a picture without a batch. Keep the batch dimension.
# - **`reshape(-1, 784)` with 1,568 features an image.** No layer complains; the loss says `Expected input batch_size (128) to match target batch_size (64)`. Write `reshape(len(X), -1)`.
# - **Softmax before `nn.CrossEntropyLoss`.** No error; the loss never falls below 1.461. Return the scores.
# - **`inplace=True` on a map that is used again.** Either `modified by an inplace operation`, or silently other numbers.
# - **`total += loss` without `.item()`.** No error; the memory grows through the epoch, since every graph is kept.
#
# ### Exercises
#
# 1. Give `FirstNet` 5×5 kernels with a padding of 2. Predict its number of parameters, then check.
# 2. What are the shapes in LeNet for images of 32×32 without padding in C1? And which line must change for 64×64?
# 3. Leave out `optimizer.zero_grad()` in the loop by hand. What do the losses do, and why?
# 4. Put `nn.Tanh` into LeNet and repeat its row of the ablation. Where does it stand between sigmoid and ReLU, and does that agree with the gradients measured above?
# 5. Repeat the ablation with the seeds 1 and 2. Which differences between its rows are larger than the differences between seeds?
# 6. Build C3 as in the paper, where six maps see three maps of S2, nine see four and one sees all (a mask on the weight is enough), and train it. Do 900 weights fewer cost accuracy?
#
# ### Reading
#
# - Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, [Gradient-based learning applied to document recognition](https://doi.org/10.1109/5.726791), 1998. Section II describes LeNet-5 layer by layer, with the table of which map of C3 sees which of S2; the later parts tell how a whole check is read.
# - Y. LeCun and others, [Backpropagation applied to handwritten zip code recognition](https://doi.org/10.1162/neco.1989.1.4.541), 1989. The forerunner, in eleven pages, with the reasons for shared weights.
# - K. He, X. Zhang, S. Ren and J. Sun, [Delving deep into rectifiers](https://arxiv.org/abs/1502.01852), 2015. Section 2.2 derives the initialization for ReLU.
# - H. Xiao, K. Rasul and R. Vollgraf, [Fashion-MNIST](https://arxiv.org/abs/1708.07747), 2017. How the data set was made, with the results of many other classifiers.
# - D. Kingma and J. Ba, [Adam](https://arxiv.org/abs/1412.6980), 2014. The optimizer of this page; algorithm 1 is all you need.
