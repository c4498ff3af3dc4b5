# %% [markdown]
# # Exercises 11: speed and scale
#
# Write your answer where a cell says `raise NotImplementedError`, run it, and run the check below it. The check says what is wrong, shows
# the smallest input that proves it, and gives a hint; a second try brings a second hint. `hint('11.roofline')` gives one without a try.
#
# These questions belong to [Speed and scale](../chapters/11_speed_and_scale.ipynb). Nothing is timed here: all of it can be computed. Stars say how hard a
# question is, from ★☆☆ to ★★★.

# %% tags=["setup"]
pass

# %%
import torch

from d2lmini.check import check, hint, progress

# %% [markdown]
# ## 1. Predict speed and size ★☆☆, 10 minutes
#
# Section: [How fast could it be? The roofline, and a profile](../chapters/11_speed_and_scale.ipynb)
#
# A processor can do 100 GFLOP/s and move 20 GB/s. Return seven predictions:
#
# 1. the intensity, in FLOPs a byte, at which computing takes as long as fetching;
# 2. the GFLOP/s at best of a layer with an intensity of 2;
# 3. the GFLOP/s at best of a layer with an intensity of 30;
# 4. the milliseconds at best of a ReLU over 10 million numbers of four bytes, each read once and written once to another place;
# 5. the same in `bfloat16`;
# 6. how many times as fast an epoch of 12 s becomes, if its convolutions, 9 s of it, get three times as fast;
# 7. how many times as fast, if its convolutions took no time at all.
#
# By hand: with 50 GFLOP/s and 10 GB/s the first is 5 too. The check does not tell the right result, only which prediction is wrong and, if
# it can, why.

# %%
def predict_speed():
    """Return seven numbers."""
    # BEGIN SOLUTION
    return 5, 40, 100, 4, 2, 2, 4
    # END SOLUTION


# %%
check('11.predict_speed', predict_speed)

# %% [markdown]
# ## 2. What does a convolution cost? ★★☆, 15 minutes
#
# Section: [How many operations, and how many bytes? Arithmetic intensity](../chapters/11_speed_and_scale.ipynb)
#
# A convolution with bias and square kernels of `k` x `k` goes over `n` images (`c_in`, `h`, `w`), with `stride` and with `padding` on each side, and gives
# `c_out` channels. Return two whole numbers: its FLOPs and the bytes that it moves. Count as the chapter does: two operations for each
# multiplication that an output number needs, the bias for nothing; in bytes the input, the weights, the biases and the output, each once, with `size`
# bytes a number.
#
# By hand: one image of 1x2x2, two kernels of 1x1. Each of the 8 output numbers needs one multiplication: 16 FLOPs. 4 numbers in, 2 weights,
# 2 biases and 8 numbers out are 16 numbers: 64 bytes.

# %%
def conv_cost(n, c_in, c_out, k, h, w, stride=1, padding=0, size=4):
    """Return (FLOPs, bytes)."""
    # BEGIN SOLUTION
    rows = (h + 2 * padding - k) // stride + 1
    columns = (w + 2 * padding - k) // stride + 1
    given = n * c_out * rows * columns
    weights = c_out * c_in * k * k
    flops = 2 * given * c_in * k * k
    return flops, size * (n * c_in * h * w + weights + c_out + given)
    # END SOLUTION


# %%
check('11.conv_cost', conv_cost)

# %% [markdown]
# ## 3. A network under the roofline ★★☆, 15 minutes
#
# Section: [How fast could it be? The roofline, and a profile](../chapters/11_speed_and_scale.ipynb)
#
# `layers` is a list of pairs (FLOPs, bytes), one for each layer, in the order in which they run, one after another. A machine does at best `peak` operations a
# second and moves at best `bandwidth` bytes a second, and can do both at once. Return two things: the least number of seconds that the network needs, and the
# list of the numbers (from 0) of the layers that are memory-bound, that is, whose bytes take longer than their operations.
#
# By hand, with a peak of 10 and a bandwidth of 5: the layer (40, 10) computes for 4 s and fetches for 2 s, so it needs 4 s; the layer (10, 20) needs 4 s, for
# its bytes. The result is 8 s and `[1]`.

# %%
def roofline(layers, peak, bandwidth):
    """Return (seconds, numbers of the memory-bound layers)."""
    # BEGIN SOLUTION
    seconds = [max(flops / peak, moved / bandwidth)
               for flops, moved in layers]
    slow = [i for i, (flops, moved) in enumerate(layers)
            if moved / bandwidth > flops / peak]
    return sum(seconds), slow
    # END SOLUTION


# %%
check('11.roofline', roofline)

# %% [markdown]
# ## 4. One gradient of several processes ★★☆, 15 minutes
#
# Section: [Can several processes share the work? DistributedDataParallel and torchrun](../chapters/11_speed_and_scale.ipynb)
#
# A minibatch was shared out. Process r got `sizes[r]` images and computed `gradients[r]`, a tensor: the gradient of the *mean* loss of its own images. Return the
# gradient of the mean loss of the whole minibatch, a tensor of that shape. A process may have got no image at all; its gradient is then full of
# NaN and must not count.
#
# By hand: 3 images with the mean gradient 2 and 1 image with the gradient 6 give (3 · 2 + 1 · 6)/4 = 3.

# %%
def average_gradients(gradients, sizes):
    """Return the gradient of the whole minibatch."""
    # BEGIN SOLUTION
    total = sum(g * n for g, n in zip(gradients, sizes) if n > 0)
    return total / sum(sizes)
    # END SOLUTION


# %%
check('11.average_gradients', average_gradients)

# %% [markdown]
# ## 5. One byte a number ★★☆, 20 minutes
#
# Section: [Eight bits: quantization after training, by hand and by torchao](../chapters/11_speed_and_scale.ipynb)
#
# Turn a tensor `x` of floats, not all zero, into bytes from 0 to 255. The range reaches from the smallest number to the largest, and 0 must lie in it: if all
# numbers are positive it begins at 0, if all are negative it ends there. The scale s is the range divided by 255, the zero point z is the whole number
# nearest to -(lower end)/s, and a number becomes round(x/s) + z, at least 0 and at most 255. Return the bytes, in a tensor of the shape of `x`, then s, then z.
#
# By hand: -1, 0, 0.333 and 1.55 have s = 0.01 and z = 100; the bytes are 0, 100, 133 and 255.

# %%
def quantize(x):
    """Return (bytes, scale, zero point)."""
    # BEGIN SOLUTION
    low = min(x.min().item(), 0)
    high = max(x.max().item(), 0)
    s = (high - low) / 255
    z = round(-low / s)
    return ((x / s).round() + z).clamp(0, 255).byte(), s, z
    # END SOLUTION


# %%
check('11.quantize', quantize)

# %% [markdown]
# ## 6. A scale for each channel ★★☆, 15 minutes
#
# Section: [Eight bits: quantization after training, by hand and by torchao](../chapters/11_speed_and_scale.ipynb)
#
# `W` holds the weights of a linear layer or of a convolution: (c_out, c_in) or (c_out, c_in, k, k). Round them to eight bits and back: each *output* channel has
# a scale of its own, its largest size of a number divided by 127, and no zero point. Return the rounded weights as floats, in a tensor of the shape of `W`.
# A channel whose weights are all 0 stays 0.
#
# By hand: the channel (1.27, -0.904) has the scale 0.01. -0.904 becomes -90 and comes back as -0.9.

# %%
def round_weights(W):
    """Return the weights rounded to 8 bits, a scale a channel."""
    # BEGIN SOLUTION
    rows = W.flatten(1)
    s = rows.abs().amax(1, keepdim=True) / 127
    s[s == 0] = 1
    return ((rows / s).round() * s).reshape(W.shape)
    # END SOLUTION


# %%
check('11.round_weights', round_weights)

# %% [markdown]
# ## 7. In words: eight machines, and hardly faster ★★☆, 10 minutes
#
# Section: [What would 64 processes gain?](../chapters/11_speed_and_scale.ipynb)
#
# A friend trains LeNet in 8 processes on 8 machines with a minibatch of 256 in all. It is hardly faster than one. He says: "Then I take 256 images a process".
# In three or four sentences: why was it hardly faster, what does his change do to the speed, and what else does it change?

# %% [markdown] tags=["words"]
# Each process now computes for 32 images, which takes a small network hardly any time, but the gradient of every weight still has to be sent around before
# each step, and the latency of the network grows with the number of processes: the talking takes longer than the computing. With 256 images each, computing grows
# eightfold and talking does not, so more images are done a second. But it is another training: a minibatch of 2,048, an eighth of the steps in an epoch. It
# wants a higher learning rate and a warm-up, and its accuracy has to be measured again.

# %% [markdown]
# ## How far have you come?

# %%
progress('11')
