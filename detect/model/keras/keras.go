// Package keras judges the configuration of Keras models, wherever it stands: in a .keras archive, in the attributes of an HDF5
// file, or as a document of its own. It finds what Keras runs, imports, reads or fetches while it builds the model: bytecode of
// Lambda layers, functions of other modules, models of other kinds, files. It decodes bytecode to name what it uses, and runs
// nothing. Weights are judged by the detectors of their own formats.
//
// A class or function that is not Keras's own is reported as medium: the file cannot run it, because the program that loads the
// model must have registered code under that name.
package keras

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/hdf5"
	"github.com/picketsec/picket/artifact/format/json"
	"github.com/picketsec/picket/artifact/format/keras"
	"github.com/picketsec/picket/artifact/format/zip"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
)

// Detector inspects configurations of Keras models.
type Detector struct {
	names  *names
	broken error
}

// New returns the detector.
func New() detect.Detector {
	n, err := newNames()
	return Detector{n, err}
}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "keras", Title: "Keras: Lambda layers, functions and modules that a configuration names, files that layers read",
		Formats: []string{keras.NameConfig, keras.NameArchive, keras.NameHDF5}, Rules: Rules()}
}

// Detect implements detect.Detector.
func (d Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	if d.broken != nil {
		return d.broken
	}
	list := findings.New(out)
	defer list.Close()
	a := &analysis{ctx: ctx, out: out, list: list, budget: in.Budget, names: d.names}
	switch in.Format {
	case keras.NameArchive:
		return a.archive(in)
	case keras.NameHDF5:
		return a.hdf5(in)
	}
	out.Parsed(max(0, in.Blob.Size()))
	return a.config(in.Blob)
}

// config judges a configuration that is a document of its own.
func (a *analysis) config(b *format.Blob) error {
	r, err := b.Open()
	if err != nil {
		return err
	}
	start, err := io.ReadAll(io.LimitReader(r, 4))
	if err = errors.Join(err, r.Close()); err != nil || !keras.Wide(start) {
		return errors.Join(err, a.document(b))
	}
	return a.text8(b, maxConfig)
}

// text8 judges a document in any encoding, of which it reads so many bytes.
func (a *analysis) text8(b *format.Blob, limit int64) error {
	r, err := b.Open()
	if err != nil {
		return err
	}
	release, err := a.budget.Hold(limit)
	if err != nil {
		return errors.Join(err, r.Close())
	}
	defer release()
	content, err := io.ReadAll(io.LimitReader(r, limit))
	if err = errors.Join(err, r.Close()); err != nil {
		return err
	}
	return a.document(format.BytesBlob(keras.UTF8(content)))
}

// document judges one configuration in UTF-8.
func (a *analysis) document(b *format.Blob) error {
	root, err := json.Tree(b, a.budget)
	if err != nil {
		return err
	}
	return a.tree(root, "")
}

// archive judges the configuration of an archive, by every view of it, and which members there are. The members themselves are
// inspected as those of any zip archive.
func (a *analysis) archive(in detect.Input) error {
	archive, err := zip.Read(in.Blob, in.Budget)
	defer archive.Close()
	for i := range archive.Entries {
		e := &archive.Entries[i]
		for _, name := range []string{e.Name(), e.Local.Name} {
			if name != "" && !keras.Member(name) && name[len(name)-1] != '/' {
				a.list.Report(picket.Finding{Rule: ruleMember(), Location: picket.Whole(name), Subject: picket.Printable(name, 120),
					Evidence: picket.NewEvidence("the archive of a Keras model holds "+picket.Printable(name, 120), "")})
				break
			}
		}
		if e.Name() != keras.ConfigMember && e.Local.Name != keras.ConfigMember {
			continue
		}
		for _, v := range archive.Views(e) {
			if viewErr := a.member(archive.Content(v)); viewErr != nil {
				err = errors.Join(err, fmt.Errorf("read %s: %w", keras.ConfigMember, viewErr))
			}
		}
	}
	return err
}

// maxConfig bounds a configuration in bytes; what is longer is cut, and so not JSON.
const maxConfig = 8 << 20

// member judges one view of the configuration in an archive.
func (a *analysis) member(c *zip.Content) error {
	a.inside = keras.ConfigMember
	limit := int64(maxConfig)
	if c.Size >= 0 {
		limit = min(limit, c.Size) // Python reads no more than the archive states
	}
	return a.text8(c.Blob(), limit)
}

// hdf5 judges the configurations in the attributes of the root.
func (a *analysis) hdf5(in detect.Input) error {
	f, err := hdf5.Open(in.Blob, in.Budget)
	if err != nil {
		return err
	}
	defer f.Close()
	a.legacy = true
	return f.RootAttributes(func(attribute hdf5.Attribute) error {
		if !keras.Configuration(attribute.Name) {
			return nil
		}
		text, ok := attribute.Text(f)
		if !ok {
			return format.Malformed(attribute.Offset, "the attribute %s is no text", attribute.Name)
		}
		a.base = text.Offset
		return a.document(trimmed(text.Blob))
	})
}

// trimmed is a text without the zero bytes that pad it.
func trimmed(b *format.Blob) *format.Blob {
	content, err := b.ReadRange(max(0, b.Size()-64), min(b.Size(), 64))
	if err != nil {
		return b
	}
	zeros := int64(0)
	for i := len(content) - 1; i >= 0 && content[i] == 0; i-- {
		zeros++
	}
	short, err := b.Section(0, b.Size()-zeros)
	if err != nil {
		return b
	}
	return short
}
