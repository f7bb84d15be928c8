// Package hfconfig judges the JSON files with which a model tells its loader what to do: those of transformers, diffusers,
// sentence-transformers and peft, tokenizers and processors, and anything else that names callables the way Hydra does. It
// looks at every JSON document by its members, whatever its name, and has the source files that one names inspected. It reads
// forward at any size. It resolves no repository and fetches nothing.
package hfconfig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/json"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/hydra"
	"github.com/picketsec/picket/detect/model/python"
	"github.com/picketsec/picket/detect/model/template"
	"github.com/picketsec/picket/internal/jsonstream"
)

// Bounds of one document.
const (
	large   = 1 << 20 // bytes; a larger document is first searched for the members that matter
	perByte = 8       // steps of the budget for so many bytes
	maxCode = 256     // source files that one document names
)

// Detector inspects JSON documents.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{
		Name: "hf-config", Title: "Configurations of models: code of their own, of other repositories, kernels, Hydra targets, chat templates",
		Formats: []string{json.Name}, Rules: slices.Concat(ownRules(), hydra.Rules(), template.Rules()),
	}
}

// Detect implements detect.Detector.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	if size := in.Blob.Size(); (size > large || size < 0) && !configures(in.Name) {
		plain, n, err := dull(in.Blob)
		if err != nil {
			return err
		}
		if plain {
			out.Parsed(n)
			return nil
		}
	}
	r, err := in.Blob.Open()
	if err != nil {
		return fmt.Errorf("open document: %w", err)
	}
	d := &document{in: in, out: out, list: findings.New(out), seen: map[string]bool{}}
	d.json = jsonstream.New(r, jsonstream.Options{Depth: json.MaxDepth, Text: template.MaxSize + 1, Python: true, SkipNumbers: true})
	err = d.read()
	if broken, ok := errors.AsType[*jsonstream.Error](err); ok {
		err = format.Malformed(broken.Offset, "not JSON: %s", broken.Reason)
	}
	read := d.json.Offset()
	if err = errors.Join(err, r.Close()); err == nil {
		out.Parsed(read)
	}
	if running := d.conclude(ctx); running != nil {
		return running
	}
	return err
}

// needles are parts of the names of the members that matter. A name that is written with escapes has one of the last ones.
func needles() [][]byte {
	var list [][]byte
	for _, s := range []string{"auto_map", "custom_pipelines", "trust_remote_code", "_implementation", "_target_", "chat_template", "_class_name", "default_template",
		"sentence_transformers", "activation_f", `"py/`, `\u00`} {
		list = append(list, []byte(s))
	}
	return list
}

// dull reports whether a large document, such as a vocabulary or a table, holds none of the members that matter, and its size.
func dull(b *format.Blob) (plain bool, size int64, err error) {
	r, err := b.Open()
	if err != nil {
		return false, 0, fmt.Errorf("open document: %w", err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	const window, overlap = 256 << 10, 64
	buf := make([]byte, overlap+window)
	words, kept := needles(), 0
	for {
		n, err := io.ReadFull(r, buf[kept:])
		size += int64(n)
		piece := buf[:kept+n]
		for _, w := range words {
			if bytes.Contains(piece, w) {
				return false, 0, nil
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return true, size, nil
		}
		if err != nil {
			return false, 0, fmt.Errorf("read document: %w", err)
		}
		kept = copy(buf, piece[max(0, len(piece)-overlap):])
	}
}

// frame is a container that is open.
type frame struct {
	key   string // the name under which it stands
	array bool
	texts []text // the strings directly in it that are judged together
	items int
}

// text is a string of the document.
type text struct {
	key   string
	value string
	at    int64
}

// code is a source file that the document names.
type code struct {
	file string
	at   int64
}

// document is one run over one document.
type document struct {
	in    detect.Input
	out   *detect.Output
	json  *jsonstream.Reader
	open  []frame
	list  *findings.List
	seen  map[string]bool
	codes []code
	root  []text // strings of the document itself
	pairs []pair // members of the document itself that are lists of two strings
	bytes int64  // charged
}

// pair is a member of the document that is a list of two strings, as in the index of a diffusion pipeline.
type pair struct {
	key, library, class string
	at                  int64
}

// maxName is how long a name may be that is judged together with others, in bytes.
const maxName = 4096

// read reads the document.
func (d *document) read() error {
	key := ""
	for {
		t, err := d.json.Next()
		if err != nil {
			return err
		}
		if done := d.json.Offset() - d.bytes; done > 1<<16 {
			d.bytes += done
			if err := d.in.Budget.Ops(done / perByte); err != nil {
				return fmt.Errorf("read document: %w", err)
			}
		}
		switch t.Kind {
		case jsonstream.End:
			return nil
		case jsonstream.Key:
			key = string(t.Text[:min(len(t.Text), 256)])
			continue
		case jsonstream.ObjectStart, jsonstream.ArrayStart:
			d.begin(key, t.Kind == jsonstream.ArrayStart)
		case jsonstream.ObjectEnd, jsonstream.ArrayEnd:
			d.end()
		case jsonstream.String:
			if err := d.string(key, t); err != nil {
				return err
			}
		case jsonstream.Literal, jsonstream.Number:
			d.literal(key, t)
		}
		key = ""
	}
}

// begin opens a container.
func (d *document) begin(key string, array bool) {
	if n := len(d.open); n > 0 {
		d.open[n-1].items++
	}
	d.open = append(d.open, frame{key: key, array: array})
}

// end closes the innermost container.
func (d *document) end() {
	n := len(d.open) - 1
	f := d.open[n]
	d.open = d.open[:n]
	switch {
	case f.array && n == 1 && len(f.texts) == 2 && f.items == 2 && len(d.pairs) < maxCode:
		d.pairs = append(d.pairs, pair{f.key, f.texts[0].value, f.texts[1].value, f.texts[0].at})
	case !f.array && n == 1 && d.open[0].array:
		d.module(f)
	case !f.array && n == 0:
		d.root = f.texts
	case !f.array:
		d.object(f)
	}
}

// inside reports whether a container of that name is open.
func (d *document) inside(key string) bool {
	return slices.ContainsFunc(d.open, func(f frame) bool { return f.key == key })
}

// parent is the name under which the innermost object stands, past the list that it is in.
func (d *document) parent() string {
	for i := len(d.open) - 1; i >= 0; i-- {
		if d.open[i].key != "" {
			return d.open[i].key
		}
	}
	return ""
}

// string judges one string.
func (d *document) string(key string, t jsonstream.Token) error {
	if n := len(d.open); n > 0 {
		f := &d.open[n-1]
		f.items++
		if len(t.Text) <= maxName && (f.array && n == 2 && f.items <= 2 || structural(key)) {
			f.texts = append(slices.DeleteFunc(f.texts, func(x text) bool { return key != "" && x.key == key }), text{key, string(t.Text), t.Offset})
		}
	}
	if key == "" && (len(d.open) == 0 || d.parent() == "") {
		return nil
	}
	return d.member(key, t)
}

// structural lists members that are judged together with those beside them, at any depth.
func structural(key string) bool {
	switch key {
	case "parent_library", "base_model_class", "type", "path", "name", "_class_name", "_diffusers_version":
		return true
	}
	return false
}

// report keeps a finding once per rule and subject.
func (d *document) report(rule picket.Rule, at int64, subject, summary, excerpt string) {
	key := rule.ID + "\x00" + subject
	if d.seen[key] {
		return
	}
	d.seen[key] = true
	d.list.Report(picket.Finding{Rule: rule, Location: picket.At("", at), Subject: picket.Printable(subject, 120), Confidence: picket.Certain,
		Technique: hydra.Technique(rule), Evidence: picket.NewEvidence(summary, excerpt)})
}

// conclude judges what needs the whole document, and has the source files inspected. The error is about the run itself.
func (d *document) conclude(ctx context.Context) error {
	d.pipeline()
	var files []string
	for _, c := range d.codes {
		if !slices.Contains(files, c.file) {
			files = append(files, c.file)
		}
	}
	missing, err := python.Follow(ctx, d.in, d.out, files)
	for _, name := range missing {
		at := int64(0)
		for _, c := range d.codes {
			if c.file == name {
				at = c.at
			}
		}
		d.report(ruleMissing(), at, name, "the configuration names a source file that is not there", name)
	}
	d.list.Close()
	return err
}

// named remembers a source file that the document names.
func (d *document) named(file string, at int64) {
	if len(d.codes) < maxCode {
		d.codes = append(d.codes, code{strings.TrimPrefix(file, "./"), at})
	}
}
