package tensorflowcheckpoint_test

import (
	"slices"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/known"
	formats "github.com/picketsec/picket/artifact/format/tensorflowcheckpoint"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/tensorflowcheckpoint"
	tf "github.com/picketsec/picket/internal/testkit/tfproto"
)

func all() []format.Format {
	return append([]format.Format{formats.Index{}, formats.State{}}, known.Formats()...)
}

// scan scans a file of a folder.
func scan(t *testing.T, name string, files map[string][]byte) picket.Result {
	t.Helper()
	return detecttest.Scan(t, detect.Entry{Name: "dir/" + name, Blob: format.BytesBlob(files[name]),
		Sibling: detecttest.Beside(files)}, all(), tensorflowcheckpoint.Detector{})
}

// ids lists the rules that fired.
func ids(r picket.Result) string { return detecttest.Fired(r, "model.tensorflow-checkpoint.") }

const shard = "m.data-00000-of-00001"

func TestIndex(t *testing.T) {
	a := tf.Entry{Key: "a", Type: 1, Dims: []int64{2}, Size: 8}
	b := tf.Entry{Key: "b", Type: 1, Dims: []int64{4}, Offset: 8, Size: 16}
	change := func(f func(*tf.Entry)) tf.Entry { c := b; f(&c); return c }
	for name, c := range map[string]struct {
		index []byte
		size  int
		want  string
	}{
		"honest":            {tf.Bundle(1, a, b), 24, ""},
		"text of any size":  {tf.Bundle(1, tf.Entry{Key: "t", Type: 7, Dims: []int64{1}, Size: 24}), 24, ""},
		"overlap":           {tf.Bundle(1, a, change(func(e *tf.Entry) { e.Offset = 4 })), 24, "layout"},
		"hole":              {tf.Bundle(1, a, change(func(e *tf.Entry) { e.Offset = 9000 })), 9016, "layout"},
		"order":             {tf.Bundle(1, b, a), 24, "layout"},
		"twice":             {tf.Bundle(1, a, a), 24, "layout"},
		"short shard":       {tf.Bundle(1, a, b), 23, "bounds"},
		"wrong size":        {tf.Bundle(1, a, change(func(e *tf.Entry) { e.Dims = []int64{5} })), 24, "bounds"},
		"negative size":     {tf.Bundle(1, a, change(func(e *tf.Entry) { e.Size = 1 << 63 })), 24, "bounds"},
		"offset overflows":  {tf.Bundle(1, a, change(func(e *tf.Entry) { e.Offset = 1<<62 + 5 })), 24, "bounds"},
		"shape overflows":   {tf.Bundle(1, a, change(func(e *tf.Entry) { e.Dims = []int64{1 << 40, 1 << 40} })), 24, "bounds"},
		"shard outside":     {tf.Bundle(1, a, change(func(e *tf.Entry) { e.Shard = 3; e.Offset = 0 })), 24, "bounds"},
		"no shards":         {tf.Bundle(0, a), 24, "bounds"},
		"another shard":     {tf.Bundle(2, a), 8, "shard-missing"},
		"bytes of no block": {append([]byte{}, hidden(tf.Bundle(1, a, b))...), 24, "hidden-data"},
	} {
		r := scan(t, "m.index", map[string][]byte{"m.index": c.index, shard: make([]byte, c.size)})
		if got := ids(r); got != c.want {
			t.Errorf("%s: got %q, want %q (%v)", name, got, c.want, r.Coverage.Gaps)
		}
		if name == "honest" && (r.Verdict != picket.Clean || r.Coverage.Parsed != int64(len(c.index))) {
			t.Errorf("%s: %v %+v", name, r.Verdict, r.Coverage)
		}
	}
	if r := scan(t, "m.index", map[string][]byte{"m.index": tf.Bundle(1, a, b), shard: []byte("version https://git-lfs")}); ids(r) != "" {
		t.Errorf("a shard that is kept elsewhere: %q", ids(r))
	}
}

// hidden puts bytes between the blocks and the end of a table.
func hidden(b []byte) []byte {
	return slices.Concat(b[:len(b)-48], []byte("hidden"), b[len(b)-48:])
}

func TestShardsAreDescribed(t *testing.T) {
	index := tf.Bundle(1, tf.Entry{Key: "a", Type: 1, Dims: []int64{2}, Size: 8})
	noise := []byte("\x00\x01\x02\x03\xff\xfe\xfd\xfc")
	for name, c := range map[string]struct {
		file    string
		content []byte
		index   []byte
		want    picket.Verdict
	}{
		"honest":      {shard, noise, index, picket.Clean},
		"more behind": {shard, append(noise[:8:8], make([]byte, 5000)...), index, picket.Unsupported},
		"too short":   {shard, noise[:7], index, picket.Unsupported},
		"no index":    {shard, noise, nil, picket.Unsupported},
		"broken":      {shard, noise, index[:60], picket.Unsupported},
		"other count": {"m.data-00000-of-00002", noise, index, picket.Unsupported},
		"other shard": {"m.data-00001-of-00001", noise, index, picket.Unsupported},
		"other name":  {"m.bin", noise, index, picket.Unsupported},
	} {
		files := map[string][]byte{c.file: c.content, "m.index": c.index}
		if c.index == nil {
			delete(files, "m.index")
		}
		results := []picket.Result{scan(t, c.file, files)}
		if c.index != nil {
			results = append(results, scan(t, "m.index", files))
		}
		if detect.Settle(results); results[0].Verdict != c.want {
			t.Errorf("%s: %v, want %v", name, results[0].Verdict, c.want)
		}
	}
}

func TestState(t *testing.T) {
	for path, want := range map[string]string{
		"ckpt-1": "", "/home/me/ckpt-1": "", "gs://bucket/ckpt-1": "", "../../etc/x": "path", "a/../../b": "path", "~/x": "path",
	} {
		r := scan(t, "checkpoint", map[string][]byte{"checkpoint": []byte("model_checkpoint_path: \"" + path + "\"\n")})
		if got := ids(r); got != want || want == "" && r.Verdict != picket.Clean {
			t.Errorf("%s: %q, %v", path, got, r.Verdict)
		}
	}
}

func TestAccept(t *testing.T) {
	detecttest.Accept(t, tensorflowcheckpoint.Detector{}, all(), map[string][]byte{
		"index": tf.Bundle(2, tf.Entry{Key: "b", Type: 1, Shard: 7}, tf.Entry{Key: "a", Size: 3}),
		"state": []byte("model_checkpoint_path: \"../x\"\n")})
}
