"""Files of torch.save and torch.jit.save: tensors, state dictionaries, whole modules, optimizers, checkpoints, TorchScript."""
import collections
import warnings

from corpus import Writer, require

torch = require("torch")
from torch import nn

warnings.simplefilter("ignore")
torch.manual_seed(7)
torch.set_num_threads(1)
writer = Writer("torch", torch.__version__.split("+")[0])


def save(name, about, value, protocols=(2,)):
    """Write the zip form for each protocol and the legacy form."""
    for protocol in protocols:
        torch.save(value, writer.path(f"{name}-zip-p{protocol}.pt", about + ", zip", "torch"), pickle_protocol=protocol)
    torch.save(value, writer.path(f"{name}-legacy.pth", about + ", legacy", "torch"), _use_new_zipfile_serialization=False)


for word in ("float16", "bfloat16", "float32", "float64", "uint8", "int8", "int16", "int32", "int64", "bool", "complex64", "complex128"):
    save(f"tensor-{word}", f"a tensor of {word}", torch.arange(12).reshape(3, 4).to(getattr(torch, word)), (2, 3, 4, 5))
TENSORS = {
    "parameter": nn.Parameter(torch.rand(3)), "empty": torch.zeros(0, 3), "view": torch.arange(10.0)[2:7], "transposed": torch.rand(3, 4).t(),
    "sparse": torch.eye(4).to_sparse(), "size": torch.Size([1, 2]), "dtype": torch.float32, "device": torch.device("cpu"),
    "shared": [shared := torch.rand(4), shared[1:]], "requires-grad": torch.rand(2, requires_grad=True), "storage": torch.rand(3).storage(),
    "quantized": torch.quantize_per_tensor(torch.rand(4), 0.1, 0, torch.qint8), "generator": torch.Generator().get_state(),
    "nested": {"a": [torch.rand(2), (torch.rand(1), "x")], "b": collections.OrderedDict(w=torch.rand(2))},
}
for name, value in TENSORS.items():
    save(name, f"torch {name}", value)
MODULES = {
    "linear": nn.Linear(4, 3), "mlp": nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 2), nn.Softmax(1)),
    "conv": nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4, 2)),
    "lstm": nn.LSTM(4, 3, 2), "gru": nn.GRU(4, 3, bidirectional=True), "embedding": nn.Embedding(10, 4), "attention": nn.MultiheadAttention(8, 2),
    "transformer": nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 1), "norms": nn.Sequential(nn.LayerNorm(4), nn.GroupNorm(2, 4)),
    "lists": nn.ModuleList([nn.Linear(2, 2), nn.Identity()]), "dicts": nn.ModuleDict({"a": nn.Linear(2, 2), "b": nn.GELU()}),
    "activations": nn.Sequential(nn.Sigmoid(), nn.Tanh(), nn.LeakyReLU(), nn.ELU(), nn.SiLU(), nn.PReLU(), nn.Hardtanh()),
    "conv1d": nn.Sequential(nn.Conv1d(1, 2, 3), nn.AvgPool1d(2), nn.Upsample(scale_factor=2)), "losses": nn.ModuleList([nn.MSELoss(), nn.CrossEntropyLoss()]),
}
OPTIMIZERS = {"sgd": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9), "adam": torch.optim.Adam, "adamw": torch.optim.AdamW,
              "rmsprop": torch.optim.RMSprop, "adagrad": torch.optim.Adagrad}
for name, module in MODULES.items():
    save(f"{name}-state", f"the state dictionary of {name}", module.state_dict(), (2, 4))
    save(f"{name}-module", f"the whole module {name}", module)
for name, make in OPTIMIZERS.items():
    module = nn.Linear(3, 1)
    optimizer = make(module.parameters())
    module(torch.rand(5, 3)).sum().backward()
    optimizer.step()
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2)
    save(f"{name}-optimizer", f"the state of {name}", optimizer.state_dict())
    save(f"{name}-checkpoint", f"a training checkpoint with {name}", {
        "epoch": 3, "model_state_dict": module.state_dict(), "optimizer_state_dict": optimizer.state_dict(),
        "lr_scheduler": scheduler.state_dict(), "loss": 0.25, "rng": torch.get_rng_state(), "args": {"lr": 0.1, "name": "run"},
        "hyper_parameters": {"hidden": 8}, "callbacks": {}, "pytorch-lightning_version": "1.9.0", "state_dict": module.state_dict()})
    save(f"{name}-optimizer-object", f"the optimizer {name} itself", optimizer)
for name in ("linear", "mlp", "conv", "lstm", "embedding", "norms", "activations"):
    module = MODULES[name].eval()
    torch.jit.script(module).save(writer.path(f"{name}-script.pt", f"TorchScript of {name}", "torch.jit"))
    with open(writer.path(f"{name}-script-bytes.ptl", f"TorchScript of {name} through a buffer", "torch.jit"), "wb") as f:
        torch.jit.save(torch.jit.script(module), f)
torch.jit.trace(MODULES["mlp"].eval(), torch.rand(1, 4)).save(writer.path("mlp-trace.pt", "a trace of mlp", "torch.jit"))
