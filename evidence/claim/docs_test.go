package claim

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPageListsEveryKind keeps the table of docs/claims.md in step with the list of kinds, and its links with the schemas.
func TestPageListsEveryKind(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "claims.md"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "| `") {
			rows = append(rows, strings.TrimSpace(line))
		}
	}
	if len(rows) != len(Kinds()) {
		t.Errorf("the page has %d rows, there are %d kinds", len(rows), len(Kinds()))
	}
	for i, k := range Kinds() {
		if i >= len(rows) {
			break
		}
		if !strings.HasPrefix(rows[i], "| `"+k.Name+"` |") || !strings.HasSuffix(rows[i], "| `"+k.Type+"` |") {
			t.Errorf("row %d is not about %s, %s: %s", i+1, k.Name, k.Type, rows[i])
		}
		if own := strings.HasPrefix(k.Type, "https://picketsec.dev/"); own != strings.Contains(rows[i], "reference/"+k.Name+"-v1.schema.json") {
			t.Errorf("row %d: a link to the schema is missing, or one too many: %s", i+1, rows[i])
		}
	}
}
