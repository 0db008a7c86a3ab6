# SPDX-License-Identifier: BSD-3-Clause
"""Every operation of lib/tensor/tensor.h, forward and backward, against PyTorch in double precision."""
import ctypes

import numpy as np
import pytest

import oracle

pytestmark = pytest.mark.sanitizers

torch = pytest.importorskip("torch")

LINEAR, RELU, SIGMOID = 0, 1, 2
FORWARD, BACKWARD_DATA, INFERENCE = 0, 1, 2
FRAME = 2

size_t, pointer = ctypes.c_size_t, ctypes.c_void_p


class Tensor(ctypes.Structure):
    """cseg_tensor; made from and turned into an array of images x channels x height x width."""

    _fields_ = [(name, pointer if name == "data" else size_t)
                for name in "data images height width channels pixel row image frame".split()]

    @classmethod
    def empty(cls, shape):
        images, channels, height, width = shape
        sizes = [size_t(n) for n in (images, height, width, channels, FRAME)]
        memory = np.zeros(library.cseg_tensor_floats(*sizes) + 16, np.float32)
        aligned = memory[-memory.ctypes.data % 64 // 4:]
        made = library.cseg_tensor_place(pointer(aligned.ctypes.data), *sizes)
        made.memory, made.pixels = memory, aligned
        return made

    @classmethod
    def of(cls, array):
        made = cls.empty(array.shape)
        made.view()[...] = np.asarray(array, np.float32)
        return made

    def view(self):
        framed = self.pixels[:self.images * self.image].reshape(
            self.images, self.height + 2 * FRAME, self.width + 2 * FRAME, self.pixel)
        return framed[:, FRAME:-FRAME, FRAME:-FRAME, :self.channels].transpose(0, 3, 1, 2)


class Shape(ctypes.Structure):
    _fields_ = [("kernel", size_t), ("padding", size_t), ("depth", size_t), ("out", size_t), ("deconvolution", ctypes.c_bool)]


class Adam(ctypes.Structure):
    _fields_ = [(name, ctypes.c_double) for name in ("learning_rate", "beta1", "beta2", "epsilon")] + [("step", ctypes.c_uint64)]


library = oracle.library
library.cseg_kernels_select.restype = pointer
library.cseg_tensor_place.restype = Tensor
for _name in ("cseg_tensor_floats", "cseg_conv_packed_floats", "cseg_conv_scratch_floats"):
    getattr(library, _name).restype = size_t

BEST = library.cseg_cpu_best()
LEVELS = [oracle.PORTABLE, BEST] + ([oracle.AVX2] if BEST == oracle.AVX512 else [])


@pytest.fixture(params=LEVELS)
def kernels(request):
    return pointer(library.cseg_kernels_select(request.param))


def floats(array):
    return np.ascontiguousarray(array, np.float32)


def at(array):
    return pointer(None if array is None else array.ctypes.data)


def assert_close(got, expected, relative=2e-5):
    """Within `relative` of the largest expected value: what is small by cancellation has the error of what was cancelled."""
    expected = np.asarray(expected)
    assert np.shape(got) == expected.shape
    assert np.abs(got - expected).max() <= relative * max(np.abs(expected).max(), 1e-30)


# kernel, padding, in, out, deconvolution, images, height, width
SHAPES = [(3, 1, 1, 32, False, 2, 24, 21), (3, 1, 32, 64, False, 1, 13, 18), (3, 1, 64, 3, False, 2, 11, 16),
          (3, 2, 48, 40, False, 1, 10, 9), (3, 0, 20, 24, False, 1, 12, 12), (1, 0, 17, 33, False, 2, 7, 6),
          (3, 1, 5, 6, False, 1, 8, 8), (2, 0, 64, 32, True, 1, 9, 11), (2, 0, 6, 5, True, 2, 4, 3)]


class Filter:
    """A convolution or deconvolution with random weights, ours ([ky][kx][in][out]) and PyTorch's."""

    def __init__(self, case, seed=0):
        kernel, padding, depth, out, deconvolution, self.images, self.height, self.width = case
        random = np.random.default_rng(seed)
        self.shape = Shape(kernel, padding, depth, out, deconvolution)
        self.weights = floats(random.standard_normal((kernel, kernel, depth, out)) / np.sqrt(depth * kernel))
        self.bias = floats(random.standard_normal(out))
        self.x = floats(random.standard_normal((self.images, depth, self.height, self.width)))
        order = (2, 3, 0, 1) if deconvolution else (3, 2, 0, 1)
        self.torch_weights = torch.tensor(self.weights.transpose(order).astype(np.float64), requires_grad=True)
        self.torch_bias = torch.tensor(self.bias.astype(np.float64), requires_grad=True)
        self.torch_x = torch.tensor(self.x.astype(np.float64), requires_grad=True)
        if deconvolution:
            self.torch_y = torch.nn.functional.conv_transpose2d(self.torch_x, self.torch_weights, self.torch_bias, stride=2)
        else:
            self.torch_y = torch.nn.functional.conv2d(self.torch_x, self.torch_weights, self.torch_bias, padding=padding)
        self.d_y = floats(random.standard_normal(self.torch_y.shape))
        self.torch_y.backward(torch.tensor(self.d_y.astype(np.float64)))

    def d_weights(self):
        order = (2, 3, 0, 1) if self.shape.deconvolution else (2, 3, 1, 0)
        return self.torch_weights.grad.numpy().transpose(order)

    def packed(self, kernels, use):
        packed = np.empty(library.cseg_conv_packed_floats(kernels, ctypes.byref(self.shape), use), np.float32)
        library.cseg_conv_pack(kernels, at(packed), at(self.weights), ctypes.byref(self.shape), use)
        return packed

    def scratch(self, kernels, use):
        return np.empty(library.cseg_conv_scratch_floats(kernels, ctypes.byref(self.shape), use, size_t(self.height),
                                                    size_t(self.width)) + 16, np.float32)


@pytest.mark.parametrize("case", SHAPES)
@pytest.mark.parametrize("use", [FORWARD, INFERENCE])
@pytest.mark.parametrize("activation", [LINEAR, RELU, SIGMOID])
def test_convolve(kernels, case, use, activation):
    f = Filter(case)
    out, x, packed, scratch = Tensor.empty(f.torch_y.shape), Tensor.of(f.x), f.packed(kernels, use), f.scratch(kernels, use)
    library.cseg_conv_forward(kernels, ctypes.byref(out), ctypes.byref(x), at(packed), at(f.bias), ctypes.byref(f.shape), activation,
                          use, at(scratch))
    expected = {LINEAR: f.torch_y, RELU: f.torch_y.relu(), SIGMOID: f.torch_y.sigmoid()}[activation]
    assert_close(out.view(), expected.detach().numpy())


@pytest.mark.parametrize("case", SHAPES)
@pytest.mark.parametrize("accumulate", [False, True])
def test_convolve_backward(kernels, case, accumulate):
    f = Filter(case)
    d_y, x = Tensor.of(f.d_y), Tensor.of(f.x)
    d_x = Tensor.of(f.x) if accumulate else Tensor.empty(f.x.shape)
    packed, scratch = f.packed(kernels, BACKWARD_DATA), f.scratch(kernels, BACKWARD_DATA)
    library.cseg_conv_backward_data(kernels, ctypes.byref(d_x), ctypes.byref(d_y), at(packed), ctypes.byref(f.shape),
                                        ctypes.c_bool(accumulate), at(scratch))
    assert_close(d_x.view(), f.torch_x.grad.numpy() + (f.x if accumulate else 0))
    d_weights, d_bias = f.weights * np.float32(accumulate), f.bias * np.float32(accumulate)
    library.cseg_conv_backward_weights(kernels, at(d_weights), at(d_bias), ctypes.byref(x), ctypes.byref(d_y),
                                           ctypes.byref(f.shape), at(scratch))
    assert_close(d_weights, f.d_weights() + (f.weights if accumulate else 0))
    assert_close(d_bias, f.torch_bias.grad.numpy() + (f.bias if accumulate else 0))


@pytest.mark.parametrize("accumulate", [False, True])
def test_pool(kernels, accumulate):
    x = np.random.default_rng(1).standard_normal((2, 21, 9, 12))
    theirs = torch.tensor(floats(x).astype(np.float64), requires_grad=True)
    y = torch.nn.functional.max_pool2d(theirs, 2)
    ours, out, d_x = Tensor.of(x), Tensor.empty(y.shape), Tensor.of(x if accumulate else np.zeros_like(x))
    library.cseg_maxpool_forward(kernels, ctypes.byref(out), ctypes.byref(ours))
    assert np.array_equal(out.view(), y.detach().numpy())
    d_y = floats(np.random.default_rng(2).standard_normal(y.shape))
    y.backward(torch.tensor(d_y.astype(np.float64)))
    library.cseg_maxpool_backward(kernels, ctypes.byref(d_x), ctypes.byref(Tensor.of(d_y)), ctypes.byref(ours),
                                   ctypes.c_bool(accumulate))
    assert_close(d_x.view(), theirs.grad.numpy() + (x if accumulate else 0))


@pytest.mark.parametrize("activation", [LINEAR, RELU])
def test_batch_norm(kernels, activation):
    random = np.random.default_rng(3)
    x, epsilon = floats(random.standard_normal((3, 37, 8, 7)) * 2 + 5), 1e-3
    gamma, beta, d_y = floats(random.standard_normal(37)), floats(random.standard_normal(37)), floats(random.standard_normal(x.shape))
    theirs = [torch.tensor(a.astype(np.float64), requires_grad=True) for a in (x, gamma, beta)]
    y = torch.nn.functional.batch_norm(theirs[0], None, None, theirs[1], theirs[2], training=True, eps=epsilon)
    y = y.relu() if activation == RELU else y
    y.backward(torch.tensor(d_y.astype(np.float64)))

    count, ours, out, gradient = x.size // 37, Tensor.of(x), Tensor.empty(x.shape), Tensor.of(d_y)
    sums, squares = np.empty(37), np.empty(37)
    library.cseg_norm_sums(kernels, at(sums), at(squares), ctypes.byref(ours))
    mean = floats(sums / count)
    inv_std = floats(1 / np.sqrt(squares / count - (sums / count) ** 2 + epsilon))
    numbers = [at(a) for a in (mean, inv_std, gamma, beta)]
    library.cseg_norm_forward(kernels, ctypes.byref(out), ctypes.byref(ours), *numbers, activation)
    assert_close(out.view(), y.detach().numpy())
    library.cseg_norm_backward_sums(kernels, at(sums), at(squares), ctypes.byref(gradient), ctypes.byref(ours), *numbers, activation)
    assert_close(sums, theirs[2].grad.numpy())
    assert_close(squares, theirs[1].grad.numpy())
    means = floats(sums / count), floats(squares / count)
    library.cseg_norm_backward(kernels, ctypes.byref(gradient), ctypes.byref(gradient), ctypes.byref(ours), *numbers, activation,
                               at(means[0]), at(means[1]))
    assert_close(gradient.view(), theirs[0].grad.numpy())


def test_sigmoid(kernels):
    x = np.linspace(-30, 30, 1001).reshape(1, 7, 11, 13)
    expected = torch.tensor(floats(x).astype(np.float64)).sigmoid().numpy()
    ours = Tensor.of(x)
    library.cseg_sigmoid_in_place(kernels, ctypes.byref(ours))
    assert np.allclose(ours.view(), expected, rtol=2.5e-7, atol=0)
    y = np.random.default_rng(4).uniform(size=(1, 3, 5, 6))
    d_y = np.random.default_rng(5).standard_normal(y.shape)
    d_x = Tensor.empty(y.shape)
    library.cseg_sigmoid_backward(kernels, ctypes.byref(d_x), ctypes.byref(Tensor.of(d_y)), ctypes.byref(Tensor.of(y)))
    assert_close(d_x.view(), d_y * y * (1 - y))


def test_ten_steps_of_adam(kernels):
    random = np.random.default_rng(6)
    start = random.standard_normal(1003)
    theirs = torch.tensor(start, requires_grad=True)
    optimiser = torch.optim.Adam([theirs], lr=1e-2, betas=(0.9, 0.999), eps=1e-8)
    ours, m, v = floats(start), floats(np.zeros(1003)), floats(np.zeros(1003))
    for step in range(1, 11):
        gradient = floats(random.standard_normal(1003))
        theirs.grad = torch.tensor(gradient.astype(np.float64))
        optimiser.step()
        library.cseg_adam_update(kernels, at(ours), at(m), at(v), at(gradient), size_t(1003),
                                 ctypes.byref(Adam(1e-2, 0.9, 0.999, 1e-8, step)))
    assert_close(ours, theirs.detach().numpy(), 1e-6)
