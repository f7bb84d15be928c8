package git

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha1" //nolint:gosec // the checksum of packs
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/picketsec/picket/artifact/source"
)

// item is one object of a pack that a test makes.
type item struct {
	kind kind
	base []byte // what stands before the data of a delta
	data []byte
	size int // announced; -1 for the real one
}

// packOf makes a pack.
func packOf(items ...item) []byte {
	var b bytes.Buffer
	b.WriteString("PACK")
	_ = binary.Write(&b, binary.BigEndian, []uint32{2, uint32(len(items))})
	for _, i := range items {
		size := i.size
		if size < 0 {
			size = len(i.data)
		}
		head := byte(i.kind)<<4 | byte(size&15)
		for size >>= 4; ; size >>= 7 {
			if size == 0 {
				b.WriteByte(head)
				break
			}
			b.WriteByte(head | 0x80)
			head = byte(size & 0x7f)
		}
		b.Write(i.base)
		z := zlib.NewWriter(&b)
		_, _ = z.Write(i.data)
		_ = z.Close()
	}
	sum := sha1.Sum(b.Bytes()) //nolint:gosec // the checksum of packs
	return append(b.Bytes(), sum[:]...)
}

// nameOf is the name of a blob.
func nameOf(content string) string {
	sum := sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(content), content)) //nolint:gosec // the names of git's objects
	return hex.EncodeToString(sum[:])
}

func TestDeltas(t *testing.T) {
	raw, _ := hex.DecodeString(nameOf("hello world"))
	again, _ := hex.DecodeString(nameOf("world!"))
	p, err := receive(context.Background(), bytes.NewReader(packOf(
		item{kindRef, again, []byte{6, 12, 0x90, 6, 0x90, 6}, -1}, // world!world!, whose base follows
		item{kindRef, raw, []byte{11, 6, 0x91, 6, 5, 1, '!'}, -1}, // world!
		item{kindBlob, nil, []byte("hello world"), -1},
	)), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"hello world", "world!", "world!world!"} {
		got, err := p.content(nameOf(want), kindBlob)
		if err != nil || string(got) != want || p.size(nameOf(want)) != int64(len(want)) {
			t.Errorf("%q: %q, %v", want, got, err)
		}
	}
	if _, err := p.content(nameOf("hello world"), kindTree); err == nil {
		t.Error("a blob was taken for a tree")
	}
}

func TestPacksThatLie(t *testing.T) {
	blob := item{kindBlob, nil, []byte("content"), -1}
	raw, _ := hex.DecodeString(nameOf("content"))
	good := packOf(blob)
	damaged := bytes.Clone(good)
	damaged[15] ^= 1
	checksum := bytes.Clone(good)
	checksum[len(checksum)-1] ^= 1
	for name, b := range map[string][]byte{
		"empty": nil, "damaged": damaged, "checksum": checksum, "cut": good[:len(good)-5], "no pack": bytes.Repeat([]byte{0}, 100),
		"longer":          packOf(item{kindBlob, nil, []byte("content"), 5}),
		"shorter":         packOf(item{kindBlob, nil, []byte("content"), 9}),
		"kind":            packOf(item{5, nil, []byte("content"), -1}),
		"base before":     packOf(item{kindOffset, []byte{0x7f}, []byte{1, 1, 1, 'x'}, -1}),
		"base is itself":  packOf(blob, item{kindOffset, []byte{0}, []byte{1, 1, 1, 'x'}, -1}),
		"base of no name": packOf(item{kindRef, make([]byte, 20), []byte{1, 1, 1, 'x'}, -1}),
		"copy outside":    packOf(blob, item{kindRef, raw, []byte{7, 9, 0x90, 9}, -1}),
		"makes more":      packOf(blob, item{kindRef, raw, []byte{7, 1, 2, 'x', 'y'}, -1}),
		"makes less":      packOf(blob, item{kindRef, raw, []byte{7, 9, 1, 'x'}, -1}),
		"reserved":        packOf(blob, item{kindRef, raw, []byte{7, 9, 0}, -1}),
		"other base size": packOf(blob, item{kindRef, raw, []byte{8, 1, 1, 'x'}, -1}),
	} {
		if p, err := receive(context.Background(), bytes.NewReader(b), ""); err == nil {
			t.Errorf("%s: taken, %d objects", name, len(p.objects))
		}
	}
}

func FuzzPack(f *testing.F) {
	raw, _ := hex.DecodeString(nameOf("content"))
	f.Add(packOf(item{kindBlob, nil, []byte("content"), -1}, item{kindRef, raw, []byte{7, 2, 0x90, 1, 1, 'x'}, -1}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > sha1.Size { // the checksum is right, so that the rest is looked at
			sum := sha1.Sum(b[:len(b)-sha1.Size]) //nolint:gosec // the checksum of packs
			b = append(bytes.Clone(b[:len(b)-sha1.Size]), sum[:]...)
		}
		p, err := receive(context.Background(), bytes.NewReader(b), "")
		if err != nil {
			return
		}
		for id, o := range p.objects {
			content, k, err := p.make(o, 0)
			if err != nil {
				t.Errorf("%s was named and cannot be made: %v", id, err)
				continue
			}
			sum := sha1.Sum(append(fmt.Appendf(nil, "%s %d\x00", k.word(), len(content)), content...)) //nolint:gosec // the names of git's objects
			if hex.EncodeToString(sum[:]) != id || p.size(id) != int64(len(content)) {
				t.Errorf("%s has other content", id)
			}
		}
	})
}

// named is an object with its name.
func named(k kind, data []byte) (item, string) {
	sum := sha1.Sum(fmt.Appendf(nil, "%s %d\x00%s", k.word(), len(data), data)) //nolint:gosec // the names of git's objects
	return item{k, nil, data, -1}, string(sum[:])
}

// TestTreesThatNameEachOther lists commits of a few kilobytes that stand for folders without end, or for links of gigabytes.
func TestTreesThatNameEachOther(t *testing.T) {
	var folders, links []item
	add := func(to *[]item, k kind, data []byte) string {
		i, name := named(k, data)
		*to = append(*to, i)
		return name
	}
	id := add(&folders, kindTree, nil)
	for range maxFolders - 1 {
		id = add(&folders, kindTree, fmt.Appendf(nil, "40000 a\x00%s40000 b\x00%s", id, id))
	}
	deep := hex.EncodeToString([]byte(add(&folders, kindCommit, fmt.Appendf(nil, "tree %x\n", id))))
	id = add(&links, kindBlob, bytes.Repeat([]byte("a"), 30<<20))
	var entries []byte
	for i := range 2000 {
		entries = fmt.Appendf(entries, "120000 l%d\x00%s", i, id)
	}
	id = add(&links, kindTree, entries)
	wide := hex.EncodeToString([]byte(add(&links, kindCommit, fmt.Appendf(nil, "tree %x\n", id))))
	id = add(&links, kindBlob, []byte("a"))
	id = add(&links, kindTree, fmt.Appendf(nil, "120000 l\x00%s120000 l\x00%s", id, id))
	twice := hex.EncodeToString([]byte(add(&links, kindCommit, fmt.Appendf(nil, "tree %x\n", id))))
	for _, c := range []struct {
		commit string
		items  []item
		fails  bool
	}{{deep, folders, true}, {wide, links, false}, {twice, links, false}} {
		p, err := receive(t.Context(), bytes.NewReader(packOf(c.items...)), "")
		if err != nil {
			t.Fatal(err)
		}
		var l source.Listing
		files := tree{pack: p, files: source.NewTree(t.Context(), ""), list: &l, links: map[string]string{}, blobs: map[string]string{}}
		if err := files.root(t.Context(), c.commit); (err != nil) != c.fails {
			t.Errorf("%s: %v", c.commit, err)
		}
		for _, i := range files.files.Items("") {
			if _, err := i.Open(); err == nil {
				t.Errorf("%s: %s was read", c.commit, i.Name)
			}
		}
	}
}
