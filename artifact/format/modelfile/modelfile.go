// Package modelfile recognises and reads the Modelfiles from which Ollama makes models: instructions with their arguments. It
// is for detectors. It opens no file that a Modelfile names, and judges nothing.
package modelfile

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// Name is the name of the format.
const Name = "ollama-modelfile"

// Format recognises Modelfiles.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{Name: Name, Title: "Ollama Modelfile", MediaType: "text/x-ollama-modelfile", Risk: format.Active, Refines: "text",
		Forward: true, Parsed: true, Spec: "https://github.com/ollama/ollama/blob/main/docs/modelfile.md"}
}

// Match implements format.Format: only instructions of Modelfiles, FROM among them, and one that Dockerfiles do not have.
func (Format) Match(p format.Probe) bool {
	if len(p.Head) == 0 || strings.IndexByte(string(p.Head[:min(len(p.Head), 512)]), 0) >= 0 {
		return false
	}
	list, err := Parse(string(p.Head))
	if err != nil && int64(len(p.Head)) == p.Size {
		return false
	}
	from, own := false, false
	for _, i := range list {
		if i.Name == "FROM" {
			if strings.ContainsAny(i.Argument, " \t") { // Python and prose
				return false
			}
			from = true
		}
		own = own || i.Name != "FROM"
	}
	return from && own
}

// Instruction is one instruction.
type Instruction struct {
	Name     string // in upper case
	Argument string // without quotes; for PARAMETER and MESSAGE with the first word
	Offset   int64  // in the file, bytes
}

// known reports whether a name is an instruction of Modelfiles.
func known(name string) bool {
	switch name {
	case "FROM", "PARAMETER", "TEMPLATE", "SYSTEM", "ADAPTER", "LICENSE", "MESSAGE", "RENDERER", "PARSER", "REQUIRES":
		return true
	}
	return false
}

// MaxSize is how many bytes of a Modelfile are read.
const MaxSize = 4 << 20

// Parse reads instructions. The error wraps format.ErrMalformed for text that is no Modelfile; the instructions before the
// mistake are returned beside it.
func Parse(src string) ([]Instruction, error) {
	var list []Instruction
	for at := 0; at < len(src); {
		end := at + len(line(src[at:]))
		text := strings.TrimSpace(src[at:end])
		if text == "" || text[0] == '#' {
			at = end
			continue
		}
		name, rest, _ := strings.Cut(text, " ")
		name = strings.ToUpper(strings.TrimSpace(name))
		if !known(name) {
			return list, format.Malformed(int64(at), "not an instruction of Modelfiles")
		}
		i := Instruction{Name: name, Argument: strings.TrimSpace(rest), Offset: int64(at)}
		if open := strings.Index(i.Argument, `"""`); open >= 0 {
			from := at + strings.Index(src[at:], `"""`) + 3
			length := strings.Index(src[from:], `"""`)
			if length < 0 {
				return append(list, i), format.Malformed(int64(at), "a quoted text has no end")
			}
			i.Argument = i.Argument[:open] + src[from:from+length]
			end = from + length + 3 + len(line(src[from+length+3:]))
		} else if n := len(i.Argument); n > 1 && i.Argument[0] == '"' && i.Argument[n-1] == '"' {
			i.Argument = i.Argument[1 : n-1]
		}
		list = append(list, i)
		at = end
	}
	return list, nil
}

// line is the first line with its end.
func line(s string) string {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		return s[:i+1]
	}
	return s
}

// Read reads a Modelfile. The error wraps format.ErrMalformed or limits.ErrExceeded.
func Read(blob *format.Blob, budget *limits.Budget) ([]Instruction, error) {
	release, err := budget.Hold(min(max(blob.Size(), 1<<16), MaxSize) * 2)
	if err != nil {
		return nil, err
	}
	defer release()
	in, err := blob.Open()
	if err != nil {
		return nil, fmt.Errorf("open Modelfile: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(in, MaxSize+1))
	if err = errors.Join(err, in.Close(), budget.Ops(int64(len(text)))); err != nil {
		return nil, err
	}
	if len(text) > MaxSize {
		return nil, format.Malformed(MaxSize, "a Modelfile of more than %d bytes is not read", MaxSize)
	}
	return Parse(string(text))
}
