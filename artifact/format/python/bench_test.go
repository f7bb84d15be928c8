package python_test

import (
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format/python"
	"github.com/picketsec/picket/internal/limits"
)

// module is source of the density that modules of models have.
func module() string {
	const class = `
class Block(nn.Module):
    """A block of the model, with a docstring of a usual length that says what it does and returns."""

    def __init__(self, config: Config, layer_idx: int = 0):
        super().__init__()
        self.hidden_size = config.hidden_size
        self.proj = nn.Linear(self.hidden_size, 4 * self.hidden_size, bias=False)  # a comment

    def forward(self, x: torch.Tensor, mask: Optional[torch.Tensor] = None) -> tuple[torch.Tensor, ...]:
        if mask is not None:
            x = x.masked_fill(mask[:, None, :] == 0, torch.finfo(x.dtype).min)
        return tuple(self.proj(y) for y in x.split([1, 2], dim=-1))
`
	return "import torch\nfrom torch import nn\n" + strings.Repeat(class, 400)
}

func BenchmarkParse(b *testing.B) {
	src := module()
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		if err := python.Parse(src, limits.NewBudget(limits.Default()), python.Visitor{Call: func(python.Call) {}, Use: func(python.Use) {}}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTokens(b *testing.B) {
	src := module()
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		for t := python.NewTokens(src); t.Next().Kind != python.End; {
		}
	}
}
