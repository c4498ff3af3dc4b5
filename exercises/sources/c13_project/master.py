# %% [markdown]
# # Exercises 13: a project
#
# Write your answer where a cell says `raise NotImplementedError`, run it, and run the check below it. The check says what is wrong, shows
# the smallest input that proves it, and gives a hint; a second try brings a second hint. `hint('13.threshold')` gives one without a try.
#
# These questions belong to [A project](../chapters/13_project.ipynb): the decisions around a network, from the split to the report. Nothing is trained here, and
# lists and numbers are enough. Stars say how hard a question is, from ★☆☆ to ★★★.

# %% tags=["setup"]
pass

# %%
import math

import torch

from d2lmini.check import check, hint, progress

# %% [markdown]
# ## 1. Predict the numbers of a project ★☆☆, 12 minutes
#
# Section: [Look at the mistakes, then test once](../chapters/13_project.ipynb)
#
# A folder holds 200 photographs of cats and 50 of dogs. 60 percent of each class are for training, 20 for validation and 20 for the test. Return seven numbers:
#
# 1. how many photographs the test part has;
# 2. the validation accuracy of a program that always says "cat";
# 3. the validation accuracy of a network that names 37 of the 40 cats there rightly, and 3 of the 10 dogs;
# 4. the mean of its two recalls, that of the cats and that of the dogs;
# 5. the standard error of an accuracy of 0.8 that was measured on 100 photographs;
# 6. how many photographs it takes to measure the same accuracy with a standard error of 0.02;
# 7. how many parameters are trained when the body is frozen, which gives 1,280 numbers for a photograph, and the new head has 3 classes.
#
# By hand: an accuracy of 0.5, measured on 25 photographs, has the standard error $\sqrt{0.5 \cdot 0.5 / 25} = 0.1$. The check does not tell the right number, only which
# prediction is wrong and, if it can, why.

# %%
def predict_project():
    """Return seven numbers."""
    # BEGIN SOLUTION
    return 50, 0.8, 0.8, 0.6125, 0.04, 400, 3843
    # END SOLUTION


# %%
check('13.predict_project', predict_project)

# %% [markdown]
# ## 2. Split without a leak ★★☆, 20 minutes
#
# Section: [Look at the data before anything else](../chapters/13_project.ipynb)
#
# Several photographs show the same animal, so they must stay together. `groups` is a list with the animal of each photograph, and `order` lists the animals, each once, in an order
# that was drawn by lot. Give whole animals, in this order, to the training part until it holds at least the share `shares[0]` of all photographs; go on with the
# validation part until it holds at least the share `shares[1]`; all others are the test part. Return three lists with the numbers of the photographs, counted from 0, each list in ascending
# order.
#
# By hand: the animals of six photographs are a, a, b, c, c, b, the order is c, a, b and the shares are (0.3, 0.3). Training takes c, which is 2 of 6 photographs and enough, and
# validation takes a. The result is [3, 4], [0, 1] and [2, 5].

# %%
def split_groups(groups, order, shares):
    """Return the photographs of training, validation and test."""
    # BEGIN SOLUTION
    parts, part = [[], [], []], 0
    for animal in order:
        while part < 2 and len(parts[part]) >= shares[part] * len(groups):
            part += 1
        parts[part] += [i for i, name in enumerate(groups) if name == animal]
    return tuple(sorted(places) for places in parts)
    # END SOLUTION


# %%
check('13.split_groups', split_groups)

# %% [markdown]
# ## 3. An accuracy and how sure it is ★☆☆, 10 minutes
#
# Section: [Look at the mistakes, then test once](../chapters/13_project.ipynb)
#
# `M` is a confusion matrix, a list of rows: row i, column j holds how many photographs of class i were called j. Return two numbers: the accuracy $a$ over all $n$
# photographs, and its standard error $\sqrt{a (1 - a) / n}$.
#
# By hand: [[3, 1], [0, 0]] has 4 photographs, 3 of which were named rightly: 0.75, and $\sqrt{0.75 \cdot 0.25 / 4} = 0.217$.

# %%
def with_error(M):
    """Return the accuracy of a confusion matrix and its standard error."""
    # BEGIN SOLUTION
    n = sum(sum(row) for row in M)
    a = sum(M[i][i] for i in range(len(M))) / n
    return a, math.sqrt(a * (1 - a) / n)
    # END SOLUTION


# %%
check('13.with_error', with_error)

# %% [markdown]
# ## 4. When to say "I do not know" ★★★, 20 minutes
#
# Section: [Put it to use](../chapters/13_project.ipynb)
#
# A classifier answers only if its highest probability is at least a threshold; otherwise it says "I do not know". For each validation photograph, the list `p` holds that
# probability, and the list `right` whether the answer would be right (`True` or `False`). Find the smallest threshold, one of the numbers in `p`, with which at least the share `wanted` of the answered
# photographs is right. Return it, and how many photographs are then left without an answer. If there is no such threshold, return `None` and the number of all photographs.
#
# By hand: p = 0.9, 0.8, 0.7, 0.6, right = True, False, True, False, wanted = 0.6. The threshold 0.6 answers all four, of which 2 are right; 0.7 answers three, of which 2
# are right, and 2/3 is enough. The result is 0.7 and 1.

# %%
def threshold(p, right, wanted):
    """Return the smallest threshold that is good enough, and a count."""
    # BEGIN SOLUTION
    for t in sorted(p):
        answered = [good for value, good in zip(p, right) if value >= t]
        if sum(answered) >= wanted * len(answered):
            return t, len(p) - len(answered)
    return None, len(p)
    # END SOLUTION


# %%
check('13.threshold', threshold)

# %% [markdown]
# ## 5. Read a colleague's notes ★★☆, 10 minutes
#
# Section: [What goes wrong](../chapters/13_project.ipynb)
#
# A colleague tells how he made a classifier for 300 photographs of apples:
#
# - A: "I computed mean and standard deviation over all 300 photographs, scaled them, and then split them."
# - B: "For training, each photograph is cropped at random and mirrored in half of all cases."
# - C: "The validation photographs go through the same transforms, so that both are treated alike."
# - D: "I trained with ten learning rates, and I report the one with the highest test accuracy."
# - E: "On 50 validation photographs the large network has 0.90 and the small one 0.88, so the large one is better."
# - F: "The exported network gets pixels from 0 to 255 as the camera gives them; in training they went from 0 to 1."
#
# Return six texts, for A to F, each one of `'fine'`, `'leak'`, `'random judging'`, `'chosen by the test'`, `'too few to tell'` and `'another scaling in use'`. Each occurs
# once. By hand: "The same apple is in training and in the test" would be a `'leak'`. The check does not tell the right answer, only which one is wrong and, if it can, why.

# %%
def notes():
    """Return six texts, from A to F, in a tuple."""
    # BEGIN SOLUTION
    return ('leak', 'fine', 'random judging', 'chosen by the test',
            'too few to tell', 'another scaling in use')
    # END SOLUTION


# %%
check('13.notes', notes)

# %% [markdown]
# ## 6. In words: is it good enough? ★★☆, 10 minutes
#
# Section: [Look at the mistakes, then test once](../chapters/13_project.ipynb)
#
# Your classifier of ants and bees has a test accuracy of 0.85 on 48 photographs. Your boss asks: "The program of last year had 0.80. So yours is better, and we can put it into
# the cameras tomorrow?" In four or five sentences: what do you answer, and what would you measure before tomorrow?

# %% [markdown] tags=["words"]
# The standard error is $\sqrt{0.85 \cdot 0.15 / 48} = 0.05$, so a difference of 0.05 is what luck alone often makes: on these photographs nobody can tell. Let both programs
# name the same new photographs, several hundred of them, and count only those on which they disagree. And were last year's 0.80 measured on the same photographs? For the cameras I would
# collect photographs from these very cameras, with their light and their size, and test the exported file on them, scaling included; look at its worst mistakes; and find the
# probability below which it had better say "I do not know". What I would not do is to tune it until the 48 test photographs look better.

# %% [markdown]
# ## How far have you come?

# %%
progress('13')
