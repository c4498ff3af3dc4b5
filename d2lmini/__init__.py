"""Helpers of a runnable textbook on convolutional neural networks."""
