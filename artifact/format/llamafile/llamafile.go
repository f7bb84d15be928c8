// Package llamafile recognises llamafiles, which are programs for every system with a zip archive at their end that holds the
// model and the arguments the program starts with, and reads those arguments. It is for detectors. It runs and judges nothing.
package llamafile

import (
	"bytes"
	"slices"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/executable"
	"github.com/picketsec/picket/artifact/format/zip"
)

const (
	// Name is the name of the format.
	Name = "llamafile"
	// ArgsName is the member with the arguments, one a line.
	ArgsName = ".args"
)

// Format recognises llamafiles, and other programs that run on many systems at once and carry an archive.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{Name: Name, Title: "llamafile or other portable executable of many systems", MediaType: "application/x-llamafile",
		Extensions: []string{".llamafile"}, Risk: format.Active, Refines: zip.Name, Parsed: true, Spec: "https://github.com/mozilla-ai/llamafile"}
}

// Match implements format.Format: a program for many systems with a zip archive, or any program whose zip archive holds
// arguments or a model.
func (Format) Match(p format.Probe) bool {
	portable := bytes.HasPrefix(p.Head, []byte("MZqFpD='")) || bytes.HasPrefix(p.Head, []byte("jartsr='"))
	if kind := executable.Kind(p.Head); kind == "" && !portable {
		return false
	}
	names := zip.Names(p)
	return len(names) > 0 && portable || slices.ContainsFunc(names, func(name string) bool {
		return name == ArgsName || strings.HasSuffix(strings.ToLower(name), ".gguf")
	})
}

// Arg is one argument.
type Arg struct {
	Flag   string // with its dashes; empty for a value without one
	Value  string // empty when there is none
	Offset int64  // in the text, bytes
}

// maxArgs bounds how many arguments are read.
const maxArgs = 1 << 14

// Args reads arguments as llamafile does: one a line, where "..." stands for those of the user. A flag and the line after it,
// or after its equals sign, make one Arg.
func Args(text string) []Arg {
	var args []Arg
	at := int64(0)
	for line := range strings.Lines(text) {
		word := strings.TrimRight(line, "\r\n")
		flag, value, joined := strings.Cut(word, "=")
		last := len(args) - 1
		switch {
		case word == "" || word == "...":
		case flagged(word):
			if !joined {
				flag, value = word, ""
			}
			args = append(args, Arg{flag, value, at})
		case last >= 0 && args[last].Flag != "" && args[last].Value == "":
			args[last].Value = word
		default:
			args = append(args, Arg{"", word, at})
		}
		if at += int64(len(line)); len(args) == maxArgs {
			break
		}
	}
	return args
}

// flagged reports whether a word is a flag: a dash and something else than a number.
func flagged(word string) bool {
	return len(word) > 1 && word[0] == '-' && (word[1] < '0' || word[1] > '9')
}
