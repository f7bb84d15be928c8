"""Packages of torch.package: models with the source of their classes, plain objects, and texts."""
from corpus import Writer, require

torch, package = require("torch", "torch.package")
writer = Writer("torch-package", torch.__version__.split("+")[0])
SOURCE = """
import torch


class {name}(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear({size}, {size})

    def forward(self, x):
        return torch.relu(self.layer(x))
"""

for number in range(12):
    size = number + 2
    with package.PackageExporter(writer.path(f"package{number}.pt", f"package with a model of width {size}", "torch.package")) as exporter:
        exporter.extern(["torch", "torch.**", "numpy", "numpy.**"])
        exporter.save_source_string(f"nets.net{number}", SOURCE.format(name=f"Net{number}", size=size))
        if number % 2:
            exporter.save_source_string("nets.tools", "import math\n\n\ndef scale(x):\n    return x * math.sqrt(2)\n")
        exporter.save_pickle("weights", "state.pkl", {"layer.weight": torch.ones(size, size), "layer.bias": torch.zeros(size)})
        if number % 3 == 0:
            exporter.save_pickle("weights", "extra.pkl", {"epochs": number, "losses": [0.5, 0.25], "classes": ["a", "b"]})
        if number % 4 == 0:
            exporter.save_text("about", "README.md", "# A tiny model\n")
