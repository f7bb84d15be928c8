package bom

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/json"
	"github.com/picketsec/picket/artifact/format/yaml"
	"github.com/picketsec/picket/internal/limits"
)

// Bounds of what is read of a file of metadata, in bytes.
const (
	maxCard   = 1 << 20
	maxJSON   = 8 << 20
	maxYAML   = 1 << 20
	maxLines  = 1 << 20 // requirements, licences, tables' first lines
	maxStream = 64 << 20
)

// budget is the bound of the work on one file.
func budget() *limits.Budget { return limits.NewBudget(limits.Default()) }

// has reports whether there is a file of that name beside the card.
func (b *builder) has(name string) bool {
	_, there := b.files[b.home+name]
	return there
}

// find is the name of the file beside the card that has one of the names, whatever their case; empty for none.
func (b *builder) find(names ...string) string {
	for _, want := range names {
		if b.has(want) {
			return b.home + want
		}
	}
	for _, f := range b.bill.Files { // sorted, so that the answer is the same each time
		dir, base := path.Split(f.Name)
		for _, want := range names {
			if dir == b.home && strings.EqualFold(base, want) {
				return f.Name
			}
		}
	}
	return ""
}

// opened is a file of the content while it is read.
type opened struct {
	fs.File
	blob *format.Blob
}

// open opens a file that the manifest lists, and refuses one that has another size now.
func (b *builder) open(name string) (*opened, error) {
	r, listed := b.files[name]
	if !listed {
		return nil, fmt.Errorf("open %s: %w", name, fs.ErrNotExist)
	}
	f, err := b.in.Content.Open(name)
	if err != nil {
		return nil, b.changed(name, err)
	}
	info, err := f.Stat()
	if err != nil || info.IsDir() || info.Size() != r.Size {
		return nil, errors.Join(b.changed(name, err), f.Close())
	}
	at, random := f.(io.ReaderAt)
	if random {
		return &opened{f, format.NewBlob(at, r.Size)}, nil
	}
	return &opened{f, format.StreamBlob(r.Size, func() (io.ReadCloser, error) { return b.in.Content.Open(name) })}, nil
}

// changed ends the work: the bill would not be about the digest that it names.
func (b *builder) changed(name string, err error) error {
	b.fatal = fmt.Errorf("read %s: %w", picket.Printable(name, picket.MaxExcerpt), errors.Join(ErrChanged, err))
	return b.fatal
}

// whole reads a small file and checks that it is the one that was hashed.
func (b *builder) whole(name string, most int64) ([]byte, error) {
	r := b.files[name]
	if r.Size > most {
		return nil, fmt.Errorf("it has %d bytes, and no more than %d are read", r.Size, most)
	}
	f, err := b.open(name)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, r.Size+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, b.changed(name, err)
	}
	if picket.SHA256(sha256.Sum256(text)) != r.Digest {
		return nil, b.changed(name, nil)
	}
	return text, nil
}

// start reads the beginning of a file, up to most bytes.
func (b *builder) start(name string, most int64) ([]byte, error) {
	f, err := b.open(name)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, most))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, b.changed(name, err)
	}
	return text, nil
}

// note records why a file of metadata was not read.
func (b *builder) note(name string, err error) {
	if err == nil || b.fatal != nil {
		return
	}
	reason := strings.ReplaceAll(err.Error(), "\n", "; ")
	if _, known := b.unread[name]; !known {
		b.property("unread", Field{clean(reason, maxText), Unresolved, name})
	}
	b.unread[name] = clean(reason, 200)
}

// json reads a JSON document; nil when it is not there or cannot be read, which is noted.
func (b *builder) json(name string) *doc {
	if _, listed := b.files[name]; !listed {
		return nil
	}
	text, err := b.whole(name, maxJSON)
	if err != nil {
		b.note(name, err)
		return nil
	}
	root, err := json.Tree(format.BytesBlob(text), budget())
	if err != nil {
		b.note(name, err)
		return nil
	}
	return &doc{name, root}
}

// yaml reads the first document of a YAML file, as json does.
func (b *builder) yaml(name string) *doc {
	if _, listed := b.files[name]; !listed {
		return nil
	}
	text, err := b.whole(name, maxYAML)
	if err != nil {
		b.note(name, err)
		return nil
	}
	return b.parseYAML(name, text)
}

// parseYAML reads a YAML document that stands in a file.
func (b *builder) parseYAML(name string, text []byte) *doc {
	root, err := yaml.Parse(text, budget())
	if err != nil {
		b.note(name, err)
		return nil
	}
	return &doc{name, root}
}
