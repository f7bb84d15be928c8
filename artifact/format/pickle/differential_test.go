package pickle

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/testkit"
)

// reading is what one reader of CPython makes of a stream.
type reading struct {
	OK      bool
	End     int64
	Imports [][2]string
	Ops     [][2]any
	Error   string
}

// TestDifferential compares the machine with pickletools, the C unpickler and the Python unpickler on pickles of all
// protocols and on broken ones. It needs python3 and is skipped without.
func TestDifferential(t *testing.T) {
	python, err := exec.LookPath("/usr/bin/python3")
	if err != nil {
		if python, err = exec.LookPath("python3"); err != nil {
			testkit.Missing(t, "python3 is not installed, so that nothing is compared with CPython")
		}
	}
	var in bytes.Buffer
	for _, s := range samples() {
		if len(s) < 4096 {
			fmt.Fprintln(&in, hex.EncodeToString([]byte(s)))
		}
	}
	cmd := exec.CommandContext(t.Context(), python, "testdata/genops.py", "1", "300")
	cmd.Stdin = &in
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("run python: %v", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 16<<20)
	n, wholes := 0, 0
	for ; lines.Scan(); n++ {
		var c struct {
			Data              string
			Dis, Whole        bool
			Genops, Python, C reading
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		data, err := hex.DecodeString(c.Data)
		if err != nil {
			t.Fatal(err)
		}
		if c.Whole {
			wholes++
		}
		compare(t, data, c.Whole, c.Dis, c.Genops, c.Python, c.C)
	}
	if n < 1000 || wholes < 200 {
		t.Errorf("only %d streams were compared, %d of them whole", n, wholes)
	}
}

// trace records imports and anomalies.
type trace struct {
	imports   [][2]string
	anomalies []AnomalyKind
}

func (h *trace) Effect(_ *Machine, e *Effect) error {
	switch e.Kind {
	case Import:
		h.imports = append(h.imports, [2]string{e.Module, e.Name})
	case Anomaly:
		h.anomalies = append(h.anomalies, e.Anomaly)
	}
	return nil
}

func compare(t *testing.T, data []byte, whole, dis bool, genops, python, c reading) {
	t.Helper()
	r, err := NewReader(format.BytesBlob(data), 0)
	if err != nil {
		t.Fatal(err)
	}
	h := &trace{}
	m := NewMachine(limits.NewBudget(limits.Default()), h)
	defer m.Close()
	var ops [][2]any
	for m.begin(r); err == nil && !m.stopped; {
		before := m.ops
		if err = m.step(context.Background()); m.ops > before {
			ops = append(ops, [2]any{m.op.name, float64(m.at)})
		}
	}
	end := m.at + 1
	odd := slices.ContainsFunc(h.anomalies, func(k AnomalyKind) bool { return k != StringEncoding && k != ProtoExceeded })
	fail := func(what string) {
		t.Errorf("%s\n %q\n machine ends at %d %v %v %q\n genops %v %s\n dis %v\n python %+v\n c %+v", what, data, end, err,
			h.anomalies, h.imports, genops.OK, genops.Error, dis, python, c)
	}
	if whole && (err != nil || len(h.anomalies) > 0 || !dis || !python.OK || !c.OK) {
		fail("what a pickler wrote is not plain")
	}
	shared := min(len(ops), len(genops.Ops))
	if !odd && !slices.Equal(ops[:shared], genops.Ops[:shared]) {
		fail("the opcodes differ")
	}
	if genops.OK && err == nil && !odd && len(ops) != len(genops.Ops) {
		fail("the number of opcodes differs")
	}
	if err != nil && (python.OK || c.OK) {
		fail("a reader loads what the machine refuses")
	}
	if !odd && python.OK != c.OK {
		fail("C and Python differ and the machine saw nothing odd")
	}
	if !odd && err == nil && c.OK && (!dis || !genops.OK) && !slices.Contains(h.anomalies, StringEncoding) {
		fail("pickletools refuses what unpicklers load and the machine saw nothing odd")
	}
	for _, reader := range []reading{python, c} {
		if reader.OK && !odd && reader.End != end {
			fail("a reader ends elsewhere")
		}
		for _, name := range reader.Imports {
			if !slices.Contains(h.imports, name) && !slices.Contains(h.imports, [2]string{"", ""}) && !computed(h, name) {
				fail("a reader imports what the machine did not see")
			}
		}
	}
}

// computed reports whether an import with one unknown name may be the one that was seen.
func computed(h *trace, name [2]string) bool {
	for _, i := range h.imports {
		if i[0] == "" && i[1] == name[1] || i[1] == "" && i[0] == name[0] {
			return true
		}
	}
	return false
}
