package speed

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/source/fetch"
	"github.com/picketsec/picket/bench/scorecard"
	"github.com/picketsec/picket/detect"
)

// Transfer is what scanning a remote model costs.
type Transfer struct {
	Model       string
	Files       int
	Bytes       int64 // of the model
	Transferred int64
	Requests    int64
	Verdict     picket.Verdict
}

// Remote scans large models over HTTP from a server on the loopback interface, whose tensors are all zeros and stored nowhere.
func Remote(ctx context.Context) ([]Transfer, error) {
	var list []Transfer
	for _, m := range []struct {
		name  string
		files []Model
	}{
		{"safetensors, 20 files of 5 GB", repeat(20, Safetensors(20, 250_000_000))},
		{"GGUF, 8 GB", []Model{GGUF(32, 250_000_000)}},
		{"ONNX, 1.9 GB in one file", []Model{ONNX(100, 19_000_000)}},
	} {
		t, err := remote(ctx, m.name, m.files)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

// repeat lists a file several times.
func repeat(n int, v Model) []Model {
	list := make([]Model, n)
	for i := range list {
		list[i] = v
	}
	return list
}

// remote scans the files of one model.
func remote(ctx context.Context, name string, files []Model) (t Transfer, err error) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var n int
		if _, err := fmt.Sscanf(r.URL.Path, "/%d", &n); err != nil || n < 0 || n >= len(files) {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("ETag", fmt.Sprintf(`"%d"`, n))
		http.ServeContent(w, r, files[n].Name, time.Time{}, io.NewSectionReader(files[n], 0, files[n].Size))
	}))
	defer server.Close()
	meter := &fetch.Meter{}
	client, err := fetch.New(fetch.Options{Meter: meter}, fetch.Site{URL: server.URL})
	if err != nil {
		return t, fmt.Errorf("make client: %w", err)
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	engine, err := scorecard.Engine(false)
	if err != nil {
		return t, fmt.Errorf("make engine: %w", err)
	}
	var items []detect.Item
	t = Transfer{Model: name, Files: len(files)}
	for n, v := range files {
		t.Bytes += v.Size
		items = append(items, detect.Item{Name: fmt.Sprintf("%d-%s", n, v.Name), Size: v.Size, Open: func() (*detect.Opened, error) {
			return fetch.File{Client: client, URL: fmt.Sprintf("%s/%d", server.URL, n), Size: v.Size}.Open(ctx)
		}})
	}
	results, err := detect.Batch{Engine: engine, Workers: 2, Digest: true}.Scan(ctx, items)
	if err != nil {
		return t, fmt.Errorf("scan %s: %w", name, err)
	}
	t.Verdict = picket.Scan{Results: results}.Verdict()
	t.Transferred, t.Requests = meter.Bytes(), meter.Requests()
	return t, nil
}

// Model is a file whose beginning is there and whose rest is zeros, except for headers inside of it. It takes no memory for them.
type Model struct {
	Name   string
	Size   int64   // bytes
	pieces []piece // in order
}

// piece is a part that is not zero.
type piece struct {
	offset int64
	data   []byte
}

// ReadAt implements io.ReaderAt.
func (v Model) ReadAt(p []byte, off int64) (int, error) {
	if off >= v.Size {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), v.Size-off))
	clear(p[:n])
	for _, s := range v.pieces {
		from, to := max(off, s.offset), min(off+int64(n), s.offset+int64(len(s.data)))
		if from < to {
			copy(p[from-off:to-off], s.data[from-s.offset:to-s.offset])
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Safetensors is a file of tensors of so many bytes.
func Safetensors(tensors int, size int64) Model {
	var header bytes.Buffer
	header.WriteString(`{"__metadata__":{"format":"pt"}`)
	for i := range tensors {
		fmt.Fprintf(&header, `,"model.layers.%d.mlp.weight":{"dtype":"BF16","shape":[%d,1000],"data_offsets":[%d,%d]}`,
			i, size/2000, int64(i)*size, int64(i+1)*size)
	}
	header.WriteByte('}')
	head := append(binary.LittleEndian.AppendUint64(nil, uint64(header.Len())), header.Bytes()...)
	return Model{"model.safetensors", int64(len(head)) + int64(tensors)*size, []piece{{0, head}}}
}

// GGUF is a file of F16 tensors of so many bytes.
func GGUF(tensors int, size int64) Model {
	le := binary.LittleEndian
	text := func(b []byte, s string) []byte { return append(le.AppendUint64(b, uint64(len(s))), s...) }
	head := le.AppendUint32([]byte("GGUF"), 3)
	head = le.AppendUint64(le.AppendUint64(head, uint64(tensors)), 1)
	head = text(le.AppendUint32(text(head, "general.architecture"), 8), "llama")
	step := (size + 31) / 32 * 32
	for i := range tensors {
		head = le.AppendUint32(text(head, fmt.Sprintf("blk.%d.ffn_up.weight", i)), 1)
		head = le.AppendUint64(head, uint64(size/2))
		head = le.AppendUint64(le.AppendUint32(head, 1), uint64(int64(i)*step))
	}
	start := (int64(len(head)) + 31) / 32 * 32
	return Model{"model.gguf", start + int64(tensors-1)*step + size, []piece{{0, head}}}
}

// ONNX is a model that adds up so many tensors of so many bytes.
func ONNX(tensors int, size int64) Model {
	field := func(b []byte, number int, body []byte) []byte {
		return append(binary.AppendUvarint(binary.AppendUvarint(b, uint64(number)<<3|2), uint64(len(body))), body...)
	}
	number := func(b []byte, n int, v uint64) []byte {
		return binary.AppendUvarint(binary.AppendUvarint(b, uint64(n)<<3), v)
	}
	var nodes []byte
	last := "x"
	for i := range tensors {
		name := fmt.Sprintf("w%d", i)
		node := field(field(field(nil, 1, []byte(last)), 1, []byte(name)), 2, []byte("y"+name))
		nodes = field(nodes, 1, field(node, 4, []byte("Add")))
		last = "y" + name
	}
	dim := func(n uint64) []byte { return field(nil, 1, number(nil, 1, n)) }
	value := func(name string) []byte {
		tensor := field(number(nil, 1, 1), 2, dim(uint64(size/4)))
		return field(field(nil, 1, []byte(name)), 2, field(nil, 1, tensor))
	}
	graph := field(field(nodes, 2, []byte("g")), 11, value("x"))
	graph = field(graph, 12, value(last))
	var pieces []piece
	var heads [][]byte
	at := int64(len(graph))
	for i := range tensors {
		tensor := field(number(number(nil, 1, uint64(size/4)), 2, 1), 8, fmt.Appendf(nil, "w%d", i))
		tensor = binary.AppendUvarint(append(tensor, 9<<3|2), uint64(size))
		head := binary.AppendUvarint([]byte{5<<3 | 2}, uint64(int64(len(tensor))+size))
		heads = append(heads, append(head, tensor...))
		at += int64(len(heads[i])) + size
	}
	head := number(nil, 1, 8)
	head = field(head, 8, number(field(nil, 1, nil), 2, 17))
	head = binary.AppendUvarint(append(head, 7<<3|2), uint64(at))
	head = append(head, graph...)
	pieces = append(pieces, piece{0, head})
	offset := int64(len(head))
	for _, h := range heads {
		pieces = append(pieces, piece{offset, h})
		offset += int64(len(h)) + size
	}
	return Model{"model.onnx", offset, pieces}
}
