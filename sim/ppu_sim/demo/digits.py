"""The task: scikit-learn's handwritten digits, and a float network trained on them."""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from .network import Network

__all__ = ["HIDDEN", "TEST_IMAGES", "Digits", "load", "train"]

#: Images held back from training.
TEST_IMAGES = 360
#: Neurons of the hidden layer.
HIDDEN = 128
#: Passes over the training images; fixed, so that every run trains the same network.
EPOCHS = 100


@dataclass(frozen=True)
class Digits:
    """1,797 images of 8 x 8 pixels, and which of them are for training and for testing.

    Parameters
    ----------
    images : numpy.ndarray of float32, shape (1797, 64)
        Pixels, 0 to 1.
    labels : numpy.ndarray of int, shape (1797,)
        The digit, 0 to 9.
    train, test : numpy.ndarray of int
        Indices of images: disjoint, together all of them, each digit in the same proportion.
    """

    images: np.ndarray
    labels: np.ndarray
    train: np.ndarray
    test: np.ndarray


def load():
    """The digits with their fixed split."""
    images, labels = load_digits(return_X_y=True)
    train, test = train_test_split(
        np.arange(len(labels)), test_size=TEST_IMAGES, stratify=labels, random_state=0
    )
    return Digits((images / 16).astype(np.float32), labels, train, test)


def train(digits, *, hidden=HIDDEN):
    """A float network 64 - `hidden` - 10 with ReLU, trained on the training images only."""
    classifier = MLPClassifier((hidden,), alpha=1e-3, max_iter=EPOCHS, random_state=0)
    with warnings.catch_warnings(), threadpool_limits(1):  # small products: threads only wait
        warnings.simplefilter("ignore", ConvergenceWarning)  # the number of epochs is fixed
        classifier.fit(digits.images[digits.train], digits.labels[digits.train])
    return Network(
        weights=tuple(np.float32(w.T) for w in classifier.coefs_),
        biases=tuple(np.float32(b) for b in classifier.intercepts_),
    )
