"""Gives a network the weights of a model that was exported before, so that it can learn on where no checkpoint is left."""
import numpy as np
import onnx
import torch
import torch.nn as nn
from onnx import numpy_helper

COMPARED = 1e-2  # largest difference that folding and unfolding the normalisations may make


def take_up(net, file, pictures):
    """net: as it is made; file: what export.py wrote of one like it; pictures: a batch of what it is trained on.

    The export folds each normalisation into the convolution before it. Here each gets what it sees of the pictures as its
    statistics, and weights that undo them: the net computes what the model does, and is normalised as it learns on.
    """
    graph = onnx.load(str(file)).graph
    known = {constant.name: numpy_helper.to_array(constant) for constant in graph.initializer}
    nodes = [node for node in graph.node if node.op_type in ("Conv", "Gemm")]
    layers = [layer for layer in net.modules() if isinstance(layer, (nn.Conv2d, nn.Linear))]
    norms = [layer for layer in net.modules() if isinstance(layer, nn.BatchNorm2d)]
    followed = _followed(net)
    if len(nodes) != len(layers):
        raise SystemExit(f"{file} has {len(nodes)} layers with weights, the network {len(layers)}: it is of another one")
    seen = {}
    with torch.no_grad():
        for node, layer in zip(nodes, layers):
            weight = torch.tensor(np.array(known[node.input[1]]))
            bias = torch.tensor(np.array(known[node.input[2]]))
            if weight.shape != layer.weight.shape:
                raise SystemExit(f"{file} has {tuple(weight.shape)} weights where the network has {tuple(layer.weight.shape)}")
            layer.weight.copy_(weight)
            if layer.bias is not None:
                layer.bias.copy_(bias)
            elif layer in followed:
                norm = followed[layer]
                norm.running_mean.zero_()
                norm.running_var.fill_(1 - norm.eps)
                norm.weight.fill_(1)
                norm.bias.copy_(bias)
        hooks = [norm.register_forward_hook(lambda norm, _, out: seen.__setitem__(norm, out)) for norm in norms]
        net.eval()
        before = net(pictures)
        for hook in hooks:
            hook.remove()
        for norm, out in seen.items():  # out: what is to come out, the convolution's result with the bias
            mean, var = out.mean((0, 2, 3)), out.var((0, 2, 3))
            norm.running_mean.copy_(mean - norm.bias)
            norm.running_var.copy_(var)
            norm.weight.copy_((var + norm.eps).sqrt())
            norm.bias.copy_(mean)
        worst = (net(pictures) - before).abs().max().item()
    if worst > COMPARED:
        raise SystemExit(f"the weights of {file} give something else in the network, by {worst:.2g}")
    net.train()


def _followed(net):
    """Each convolution without a bias of its own, and the normalisation after it."""
    out, last = {}, None
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d):
            last = layer if layer.bias is None else None
        elif isinstance(layer, nn.BatchNorm2d) and last is not None:
            out[last], last = layer, None
    return out
