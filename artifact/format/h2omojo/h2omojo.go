// Package h2omojo reads the description of a model of H2O in a MOJO: a zip archive whose member model.ini has settings, the
// names of the columns and the files of their categories. It is for detectors. It reads forward in bounded memory and judges
// nothing; what the members hold are other formats, or numbers that only H2O reads.
package h2omojo

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/zip"
	"github.com/picketsec/picket/internal/limits"
)

// Name is the name of the format.
const Name = "h2o-mojo"

// Description is the member that describes the model.
const Description = "model.ini"

// Format recognises MOJO archives.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{
		Name: Name, Title: "H2O MOJO", MediaType: "application/vnd.h2o.mojo", Extensions: []string{".mojo", ".zip"}, Refines: zip.Name,
		Risk: format.Active, Parsed: true, Spec: "https://docs.h2o.ai/h2o/latest-stable/h2o-docs/mojo-quickstart.html",
	}
}

// Match implements format.Format: a zip archive whose model.ini begins with information about an H2O model.
func (Format) Match(p format.Probe) bool {
	if p.Blob == nil || p.Blob.At() == nil || !slices.Contains(zip.Names(p), Description) {
		return false
	}
	r, done, err := zip.OpenMember(p.Blob, limits.NewBudget(limits.Default()), Description)
	defer done()
	if err != nil {
		return false
	}
	head := make([]byte, 4<<10)
	n, _ := io.ReadFull(r, head) // what can be read decides
	return bytes.Contains(head[:n], []byte("[info]")) && (bytes.Contains(head[:n], []byte("algo")) || bytes.Contains(head[:n], []byte("h2o_version")))
}

// numbers matches the members that hold numbers of a model in H2O's own encoding: trees, weights, matrices and lists of names.
var numbers = regexp.MustCompile(`^(?:models/[^/]{1,256}/)*(?:trees/t\d+_\d+(?:_aux)?\.bin|x_mean_(?:cat|num)|coef_indices|strata_\w+|archetypes|losses|eigenvectors_raw|` +
	`gam_?[cC]\w+|_names_no_centering|gamColNames\w*|knots\w*|zTranspose\w*|_binvD|zTransposeCS|vectors|vectors/\w+|centers?|beta\w*|boosterBytes|auxNodeWeights|` +
	`_\w+|penalty\w*|colIds|\w+_raw)$`)

// Numbers reports whether a member of a MOJO holds numbers in H2O's own encoding, by its name.
func Numbers(name string) bool { return numbers.MatchString(name) }

// Domain is the file with the categories of one column.
type Domain struct {
	Column, Count int64 // -1 when it is no number
	File          string
	Offset        int64
}

// Text is one line of the description.
type Text struct {
	Section    string // "info", "columns" or "domains"
	Key, Value string // the key only in info
	Offset     int64
}

// Model is what the description says.
type Model struct {
	Info    map[string]string
	Columns int64
	Domains []Domain
	Twice   string // a setting that stands twice; empty for none
}

// Number is a setting as a number; -1 when it is none.
func (m Model) Number(key string) int64 {
	n, err := strconv.ParseInt(m.Info[key], 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// Bounds of the description.
const (
	maxLine  = 1 << 20 // bytes of a line
	maxLines = 1 << 20
	maxKept  = 1 << 12 // settings, and domains
)

// Read reads a description and calls visit for every line. The error wraps format.ErrMalformed or limits.ErrExceeded, or is the
// visitor's.
func Read(in io.Reader, budget *limits.Budget, visit func(Text) error) (Model, error) {
	m := Model{Info: map[string]string{}}
	lines := bufio.NewReaderSize(in, maxLine)
	offset, section := int64(0), ""
	for n := 0; ; n++ {
		line, err := lines.ReadSlice('\n')
		at := offset
		offset += int64(len(line))
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return m, format.Malformed(at, "a line of more than %d bytes", maxLine)
		case err != nil && !errors.Is(err, io.EOF):
			return m, fmt.Errorf("read description: %w", err)
		case errors.Is(err, io.EOF) && len(line) == 0:
			if _, ok := m.Info["algo"]; !ok {
				return m, format.Malformed(at, "the description names no algorithm")
			}
			return m, nil
		case n >= maxLines:
			return m, fmt.Errorf("read description: more than %d lines: %w", maxLines, limits.ErrExceeded)
		}
		if err := budget.Ops(1); err != nil {
			return m, fmt.Errorf("read description: %w", err)
		}
		text := strings.TrimRight(string(line), "\r\n")
		switch {
		case text == "":
			continue
		case section != "columns" && (text == "[info]" || text == "[columns]") || section != "domains" && text == "[domains]":
			section = strings.Trim(text, "[]")
			continue
		}
		if err := m.line(section, text, at, visit); err != nil {
			return m, err
		}
	}
}

// line takes one line of a section.
func (m *Model) line(section, text string, at int64, visit func(Text) error) error {
	t := Text{Section: section, Value: text, Offset: at}
	switch section {
	case "info":
		key, value, ok := strings.Cut(text, "=")
		if !ok {
			return format.Malformed(at, "a setting without a value")
		}
		t.Key, t.Value = strings.TrimSpace(key), strings.TrimSpace(value)
		if _, twice := m.Info[t.Key]; twice {
			m.Twice = t.Key
		}
		if len(m.Info) < maxKept {
			m.Info[t.Key] = t.Value
		}
	case "columns":
		m.Columns++
	case "domains":
		column, rest, _ := strings.Cut(text, ":")
		count, file, _ := strings.Cut(strings.TrimSpace(rest), " ")
		if len(m.Domains) < maxKept {
			m.Domains = append(m.Domains, Domain{Column: whole(column), Count: whole(count), File: file, Offset: at})
		}
	default:
		return format.Malformed(at, "a line outside of all sections")
	}
	return visit(t)
}

// whole reads a number that is not negative; -1 for anything else.
func whole(text string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32)
	if err != nil || n < 0 {
		return -1
	}
	return n
}
