package orbax_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/json"
	layout "github.com/picketsec/picket/artifact/format/orbax"
	"github.com/picketsec/picket/artifact/format/pickle"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/orbax"
)

func formats() []format.Format {
	return []format.Format{layout.Format{}, layout.Zarr{}, layout.Ocdbt{}, json.Format{}, pickle.Format{}}
}

// ids lists the rules that fired.
func ids(r picket.Result) string { return detecttest.Fired(r, "model.") }

func TestFindings(t *testing.T) {
	table := string(binary.LittleEndian.AppendUint64([]byte{0x0c, 0xdb, 0x20, 0xde}, 20)) + "\x00\x01" + strings.Repeat("x", 6)
	tree := func(key, kind string) string {
		return `{"tree_metadata":{"('a',)":{"key_metadata":[{"key":"` + key + `","key_type":2}],"value_metadata":{"value_type":"` + kind + `"}}},"use_ocdbt":true}`
	}
	zarr := func(codec string) string {
		return `{"zarr_format":2,"chunks":[4],"compressor":{"id":"` + codec + `"},"dtype":"<f4","filters":null,"shape":[4]}`
	}
	for doc, want := range map[string]string{
		tree("params", "jax.Array"):  "",
		tree("../../x", "jax.Array"): "orbax.path-escape",
		tree("a", "evil.Type"):       "orbax.custom-handler",
		`{"item_handlers":"orbax.checkpoint._src.handlers.pytree_checkpoint_handler.PyTreeCheckpointHandler","metrics":{}}`: "",
		`{"item_handlers":{"state":"evil.Handler"}}`:                         "orbax.custom-handler",
		`{"item_handlers":{},"custom_metadata":{"restore_fn":"os.system"}}`:  "orbax.custom-handler",
		`{"item_handlers":{},"custom_metadata":{"note":"__import__('os')"}}`: "text.code",
		zarr("zstd"): "", zarr("blosc"): "", zarr("pickle"): "zarr.pickle-codec", zarr("evil"): "zarr.unknown-codec",
		`{"zarr_format":2,"compressor":null,"dtype":"|O","filters":[{"id":"pickle","protocol":5}]}`:                                 "zarr.pickle-codec",
		`{"zarr_format":3,"node_type":"array","codecs":[{"name":"bytes"},{"name":"numcodecs.pickle"}],"data_type":"float32"}`:       "zarr.pickle-codec",
		`{"zarr_format":3,"node_type":"array","codecs":[{"name":"sharding_indexed","configuration":{"codecs":[{"name":"evil"}]}}]}`: "zarr.unknown-codec",
		`{"zarr_format":3,"chunk_key_encoding":{"name":"default"},"chunk_grid":{"name":"regular"}}`:                                 "",
		table: "",
	} {
		r := detecttest.Run(t, []byte(doc), formats(), orbax.Detector{})
		if got := ids(r); got != want {
			t.Errorf("%q: got %q, want %q", doc, got, want)
		}
		if want == "" && (r.Verdict != picket.Clean || r.Coverage.Parsed+r.Coverage.Opaque != int64(len(doc))) {
			t.Errorf("%q: %v %+v", doc, r.Verdict, r.Coverage)
		}
	}
	r := detecttest.Run(t, []byte(table+"\x80\x02cposix\nsystem\nX\x06\x00\x00\x00echo x\x85R."), formats(), orbax.Detector{})
	if r.Verdict == picket.Clean {
		t.Errorf("a pickle behind a table: %v", r.Verdict)
	}
}

func TestAccept(t *testing.T) {
	detecttest.Accept(t, orbax.Detector{}, formats()[:1], map[string][]byte{"tree": []byte(`{"tree_metadata":{"a":{"value_type":"x","key":"../x"}},"item_handlers":"a.B"}`)})
}
