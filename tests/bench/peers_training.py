# SPDX-License-Identifier: BSD-3-Clause
"""A training step: forward with batch statistics and dropout, the paper's loss, backward, Adam. The same network, weights and batch.

    apt-get install python3-torch    PyTorch; as installed, channels_last, and channels_last with malloc tuned

The gradients compared are of one step with the same elements dropped. Where a sum is so near to 0 that rounding decides whether a
ReLU passes it, gradients below differ by up to a percent between any two engines; the tests compare without ReLU, and in double.
"""
import numpy as np
from peers_network import PATCH, TUNED_MALLOC, make_net, patches

DROPOUT_SEED = 11


def labels(batch):
    return np.random.default_rng(6).integers(0, 3, (batch, PATCH, PATCH)).astype(np.uint8)


class Ours:
    environment = {}

    @staticmethod
    def load():
        import nets  # noqa: F401

    def __init__(self, width, batch, threads):
        self.net = make_net(width, batch, threads)
        self.images, self.classes = patches(batch), labels(batch)

    def run(self):
        self.net.step(self.images, self.classes, DROPOUT_SEED)

    def result(self):
        """Adam's first moment is a tenth of the gradient after one step from nothing."""
        net = self.net
        net.state[net.total:] = 0
        self.run()
        names = [key for key in net.slots if key[1] not in ("mean", "var")]
        return {f"{i} {name}": net.view((i, name), net.total) / 0.1 for i, name in names}


class PyTorch:
    environment = {}
    channels_last = False

    @staticmethod
    def load():
        import nets  # noqa: F401

    def __init__(self, width, batch, threads):
        import torch
        from nets import Oracle

        torch.set_num_threads(threads)
        self.net = make_net(width, 1, threads)
        self.oracle = Oracle(self.net)
        self.format = torch.channels_last if self.channels_last else torch.contiguous_format
        self.values = {
            key: value.detach().float().contiguous(memory_format=self.format if value.dim() == 4 else torch.contiguous_format)
            .requires_grad_(value.requires_grad)
            for key, value in self.oracle.values.items()
        }
        self.images = torch.tensor(patches(batch))[:, None].contiguous(memory_format=self.format)
        inner = labels(batch)[:, 8:-8, 8:-8].astype(np.int64)
        self.target = torch.nn.functional.one_hot(torch.tensor(inner), 3).float().permute(0, 3, 1, 2)
        self.adam = torch.optim.Adam([v for v in self.values.values() if v.requires_grad], lr=0.0)

    def dropout(self, i, x, same):
        import torch
        import torch.nn.functional as F

        if not same:
            return F.dropout(x, self.net.layers[i]["rate"], True)
        mask = [self.net.dropout_mask(i, n, x.shape[2], DROPOUT_SEED) for n in range(len(x))]
        return x * torch.tensor(np.array(mask))

    def forward(self, same):
        import torch
        import torch.nn.functional as F

        x, outs = self.images, []
        for i, layer in enumerate(self.net.layers):
            weight, bias = self.values.get((i, "weight")), self.values.get((i, "bias"))
            if layer["op"] == "pool":
                x = F.max_pool2d(x, 2)
            elif layer["op"] == "concat":
                x = torch.cat([x, outs[layer["with"]]], 1)
            elif layer["op"] == "dropout":
                x = self.dropout(i, x, same)
            elif layer["op"] == "conv":
                x = F.conv2d(x, weight, bias, padding=layer["pad"])
            else:
                x = F.conv_transpose2d(x, weight, bias, stride=2)
            if (i, "mean") in self.values:
                x = F.batch_norm(x, *(self.values[i, name] for name in ("mean", "var", "gamma", "beta")), True, 0.1, 1e-5)
            if weight is not None:
                x = torch.sigmoid(x) if layer["activation"] == "sigmoid" else F.relu_(x)
            outs.append(x)
        return x

    def run(self, same=False):
        from nets import WEIGHT_SUM, WEIGHTS

        self.adam.zero_grad(set_to_none=True)
        p = self.forward(same)[:, :, 8:-8, 8:-8]
        loss = sum(w * ((p[:, c] - self.target[:, c]) ** 2).mean().sqrt() for c, w in enumerate(WEIGHTS[:3]))
        loss = loss + WEIGHT_SUM * ((p.sum(1) - 1) ** 2).mean().sqrt()
        loss.backward()
        self.adam.step()

    def result(self):
        self.run(same=True)
        return {f"{i} {name}": self.oracle.ours((i, name), value.grad)
                for (i, name), value in self.values.items() if value.requires_grad}


class ChannelsLast(PyTorch):
    channels_last = True


class Tuned(ChannelsLast):
    environment = TUNED_MALLOC


ENGINES = {
    "ours": Ours,
    "PyTorch": PyTorch,
    "PyTorch, channels_last": ChannelsLast,
    "PyTorch, channels_last, tuned malloc": Tuned,
}
