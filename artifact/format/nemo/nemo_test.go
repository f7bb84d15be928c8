package nemo_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/nemo"
	"github.com/picketsec/picket/internal/limits"
)

// archive makes a tar archive of names and contents in turn.
func archive(t testing.TB, members ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: members[i], Mode: 0o644, Size: int64(len(members[i+1])), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(members[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const config = "target: nemo.collections.asr.models.EncDecCTCModel\ntokenizer:\n  model_path: nemo:abc_tokenizer.model\n"

func TestRead(t *testing.T) {
	b := archive(t, "./model_config.yaml", config, "./model_weights.ckpt", "x")
	for name, blob := range map[string]*format.Blob{"random": format.BytesBlob(b), "forward": format.StreamBlob(-1, func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(b)), nil
	})} {
		m, err := nemo.Read(blob, limits.NewBudget(limits.Default()))
		if err != nil || m.Target != "nemo.collections.asr.models.EncDecCTCModel" || m.TargetAt != 0 || len(m.References) != 1 ||
			m.References[0].Name != "abc_tokenizer.model" || !m.Members["model_weights.ckpt"] || m.Config != "./model_config.yaml" {
			t.Errorf("%s: %+v %v", name, m, err)
		}
	}
	if _, err := nemo.Read(format.BytesBlob(archive(t, "model_config.yaml", "a: [")), limits.NewBudget(limits.Default())); !errors.Is(err, format.ErrMalformed) {
		t.Errorf("a broken configuration: %v", err)
	}
}

func TestMatch(t *testing.T) {
	match := func(b []byte) bool {
		return nemo.Format{}.Match(format.Probe{Head: b[:min(len(b), format.HeadSize)], Size: int64(len(b)), Blob: format.BytesBlob(b)})
	}
	if !match(archive(t, "model_config.yaml", config)) || !match(archive(t, "./a", "b", "./model_config.yaml", config)) {
		t.Error("an archive of NeMo is not recognised")
	}
	if match(archive(t, "x/model_config.yaml", config)) || match([]byte(config)) || match(nil) {
		t.Error("other content is recognised")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(archive(f, "./model_config.yaml", config))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := nemo.Read(format.BytesBlob(b), limits.NewBudget(limits.Default()))
		if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Errorf("unexpected error %v", err)
		}
		if m.Target != "" && !m.Members[nemo.ConfigName] {
			t.Error("a target without a configuration")
		}
	})
}
