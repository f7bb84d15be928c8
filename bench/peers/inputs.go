package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/picketsec/picket/bench/speed"
	asm "github.com/picketsec/picket/internal/testkit/pickleasm"
	"github.com/picketsec/picket/internal/testkit/rawzip"
)

// input is what every scanner is given.
type input struct {
	name, about, path string
	kind              string // what a scanner must read to be measured
	bytes             int64
}

// The sizes of the generated files. The dense pickle has the size of the one in earlier comparisons.
const (
	denseRows   = 230_000
	blobs       = 16
	blobSize    = 32 << 20
	models      = 100
	modelTensor = 256 << 10
)

// inputs lists what the scanners are given, without generating it.
func inputs(folder string) []input {
	at := func(name string) string { return filepath.Join(folder, name) }
	return []input{
		{name: "dense", about: fmt.Sprintf("a pickle of %d rows of numbers and short strings, more than 6 million opcodes",
			denseRows), path: at("dense.pkl"), kind: kindPickle},
		{name: "blobs-raw", about: "a raw pickle of 16 byte strings of 32 MiB", path: at("blobs.pkl"), kind: kindPickle},
		{name: "blobs-zip", about: "a file of torch.save's form with 16 tensors of 32 MiB", path: at("blobs.pt"), kind: kindArchive},
		{name: "folder", about: fmt.Sprintf("%d files of torch.save's form of 1 MiB", models), path: at("models"), kind: kindArchive},
		{name: "safetensors", about: "a safetensors file with 16 tensors of 16 MB", path: at("model.safetensors"), kind: kindSafetensors},
		{name: "gguf", about: "a GGUF file with 16 tensors of 16 MB", path: at("model.gguf"), kind: kindGGUF},
		{name: "onnx", about: "an ONNX file with 16 tensors of 16 MB", path: at("model.onnx"), kind: kindNetwork},
		{name: "tiny", about: "a pickle of one small dictionary: the time to start", path: at("tiny.pkl"), kind: kindPickle},
	}
}

// generate writes every file, the same bytes on every machine.
func generate(folder string) error {
	content := densePickle().content
	for name, write := range map[string]func(w io.Writer) error{
		"dense.pkl": func(w io.Writer) error { _, err := w.Write(content); return err },
		"blobs.pkl": rawBlobs,
		"blobs.pt":  func(w io.Writer) error { return torchFile(w, 2, blobs, blobSize) },
		"tiny.pkl": func(w io.Writer) error {
			_, err := w.Write(asm.Encode(4, asm.Dict(asm.Str("a"), asm.Num(1))))
			return err
		},
		"model.safetensors": weights(speed.Safetensors(16, 16_000_000)),
		"model.gguf":        weights(speed.GGUF(16, 16_000_000)),
		"model.onnx":        weights(speed.ONNX(16, 16_000_000)),
	} {
		if err := writeFile(filepath.Join(folder, name), write); err != nil {
			return err
		}
	}
	if err := os.Mkdir(filepath.Join(folder, "models"), 0o700); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	for i := range models {
		path := filepath.Join(folder, "models", fmt.Sprintf("model-%03d.pt", i))
		if err := writeFile(path, func(w io.Writer) error { return torchFile(w, uint64(i), 4, modelTensor) }); err != nil {
			return err
		}
	}
	return nil
}

// weights writes a model whose tensors are all zeros.
func weights(m speed.Model) func(w io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.Copy(w, io.NewSectionReader(m, 0, m.Size))
		return err
	}
}

// size is the number of bytes in a file or a folder.
func size(path string) (total int64, err error) {
	err = filepath.WalkDir(path, func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("measure %s: %w", path, err)
	}
	return total, nil
}

// writeFile writes one file through a buffer.
func writeFile(path string, write func(w io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write input: %w", err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	if err := write(w); err != nil {
		return fmt.Errorf("write input %s: %w", path, err)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write input %s: %w", path, err)
	}
	return f.Close()
}

// dense is an opcode-dense pickle and the number of its opcodes.
type dense struct {
	content []byte
	ops     int64
}

// densePickle is a list of rows as Python's pickler writes them: each container and string goes to the memo, a repeated key comes
// from it, and a thousand rows go to each APPENDS.
func densePickle() dense {
	d := denseWriter{a: asm.New(4), keys: map[string]byte{}}
	d.op(asm.EmptyList)
	d.memoize()
	for row := range int64(denseRows) {
		if row%1000 == 0 {
			d.op(asm.Mark)
		}
		d.row(row)
		if row%1000 == 999 {
			d.op(asm.Appends)
		}
	}
	return dense{d.a.Bytes(), d.ops + 2} // with PROTO and STOP
}

// denseWriter writes rows and counts opcodes.
type denseWriter struct {
	a     *asm.Asm
	ops   int64
	cells int
	keys  map[string]byte
}

func (d *denseWriter) op(code byte) {
	d.a.Raw(code)
	d.ops++
}

func (d *denseWriter) put(values ...asm.Value) {
	d.a.Put(values...)
	d.ops += int64(len(values))
}

func (d *denseWriter) memoize() {
	d.op(asm.Memoize)
	d.cells++
}

// key writes a key of a row: the string the first time, a reference later.
func (d *denseWriter) key(name string) {
	if cell, ok := d.keys[name]; ok {
		d.a.Raw(asm.BinGet, cell)
		d.ops++
		return
	}
	d.put(asm.Str(name))
	d.keys[name] = byte(d.cells)
	d.memoize()
}

// row writes one dictionary.
func (d *denseWriter) row(n int64) {
	d.op(asm.EmptyDict)
	d.memoize()
	d.op(asm.Mark)
	d.key("id")
	d.put(asm.Num(n))
	d.key("score")
	d.put(asm.Real(float64(n) / 7))
	d.key("at")
	d.put(asm.Num(n%200), asm.Num(n%60000), asm.Bool(n%2 == 0))
	d.op(asm.Tuple3)
	d.memoize()
	d.key("tag")
	d.put(asm.Str(fmt.Sprintf("t%d", n%1000)))
	d.memoize()
	d.key("next")
	d.op(asm.EmptyList)
	d.memoize()
	d.op(asm.Mark)
	d.put(asm.Num(1), asm.Num(n%251), asm.Num(3), asm.Num(n%9), asm.Num(n%60001))
	d.op(asm.Appends)
	d.op(asm.SetItems)
}

// noise writes n bytes that do not compress, the same for the same seed.
func noise(w io.Writer, seed uint64, n int64) error {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	_, err := io.CopyN(w, rand.NewChaCha8(key), n)
	return err
}

// rawBlobs writes a pickle of long byte strings.
func rawBlobs(w io.Writer) error {
	if _, err := w.Write([]byte{asm.Proto, 4, asm.EmptyList, asm.Mark}); err != nil {
		return err
	}
	for i := range uint64(blobs) {
		head := binary.LittleEndian.AppendUint64([]byte{asm.BinBytes8}, blobSize)
		if _, err := w.Write(head); err != nil {
			return err
		}
		if err := noise(w, i, blobSize); err != nil {
			return err
		}
	}
	_, err := w.Write([]byte{asm.Appends, asm.Stop})
	return err
}

// torchFile writes a state dictionary of float tensors as torch.save does, storages included.
func torchFile(w io.Writer, seed uint64, tensors int, size int64) error {
	global := asm.TextGlobal
	state := []asm.Value{}
	for i := range tensors {
		storage := func(a *asm.Asm) {
			a.Put(asm.Tuple(asm.Str("storage"), global("torch", "FloatStorage"), asm.Str(fmt.Sprint(i)), asm.Str("cpu"),
				asm.Num(size/4))).Raw(asm.BinPersID)
		}
		tensor := asm.Call(global("torch._utils", "_rebuild_tensor_v2"), storage, asm.Num(0), asm.Tuple(asm.Num(size/4)),
			asm.Tuple(asm.Num(1)),
			asm.Bool(false), asm.Call(global("collections", "OrderedDict")))
		state = append(state, asm.Str(fmt.Sprintf("layer.%d.weight", i)), tensor)
	}
	entries := []rawzip.Entry{{Name: "archive/data.pkl", Data: asm.New(2).Put(asm.Dict(state...)).Bytes(), Align: 64}}
	for i := range tensors {
		var data bytes.Buffer
		if err := noise(&data, seed<<8+uint64(i), size); err != nil {
			return err
		}
		entries = append(entries, rawzip.Entry{Name: fmt.Sprintf("archive/data/%d", i), Data: data.Bytes(), Align: 64,
			CRC: rawzip.Ptr(crc32.ChecksumIEEE(data.Bytes()))})
	}
	content, err := rawzip.Archive{Entries: append(entries,
		rawzip.Entry{Name: "archive/version", Data: []byte("3\n"), Align: 64})}.Bytes()
	if err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	_, err = w.Write(content)
	return err
}
