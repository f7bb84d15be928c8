// Package triton recognises the model configurations of NVIDIA's Triton server (config.pbtxt) and reads them. It is for
// detectors. It opens none of the files that a configuration names, and judges nothing.
package triton

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/pbtxt"
	"github.com/picketsec/picket/internal/limits"
)

// Name is the name of the format.
const Name = "triton-config"

// Format recognises model configurations.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{Name: Name, Title: "Triton model configuration", MediaType: "text/x-triton-model-config", Extensions: []string{".pbtxt"},
		Risk: format.Active, Refines: "text", Forward: true, Parsed: true,
		Spec: "https://github.com/triton-inference-server/common/blob/main/protobuf/model_config.proto"}
}

// Match implements format.Format: every field is one of the configuration, and there is one that only it has.
func (Format) Match(p format.Probe) bool {
	if !begins(p.Head) || bytes.IndexByte(p.Head, 0) >= 0 {
		return false
	}
	root, err := pbtxt.Parse(string(p.Head))
	if err != nil && int64(len(p.Head)) == p.Size || len(root.Fields) == 0 {
		return false
	}
	own := false
	for _, f := range root.Fields {
		known, certain := field(f.Name)
		if !known {
			return false
		}
		own = own || certain
	}
	return own
}

// begins reports whether a content can begin as a configuration does: its first word, when there is one, is a field.
func begins(head []byte) bool {
	for {
		head = bytes.TrimLeft(head, " \t\r\n")
		if len(head) == 0 || head[0] != '#' {
			break
		}
		_, head, _ = bytes.Cut(head, []byte("\n"))
	}
	end := bytes.IndexFunc(head, func(c rune) bool { return c != '_' && (c < 'a' || c > 'z') })
	if end <= 0 {
		return end < 0 || head[0] == '\n'
	}
	known, _ := field(string(head[:end]))
	return known
}

// field reports whether a name is a field of a configuration, and one that hardly any other message has.
func field(name string) (known, certain bool) {
	switch name {
	case "platform", "backend", "max_batch_size", "ensemble_scheduling", "instance_group", "default_model_filename", "cc_model_filenames",
		"dynamic_batching", "sequence_batching", "version_policy", "model_warmup", "model_operations", "model_transaction_policy",
		"model_repository_agents", "response_cache", "model_metrics":
		return true, true
	case "name", "input", "output", "batch_input", "batch_output", "optimization", "metric_tags", "parameters", "runtime":
		return true, false
	}
	return false, false
}

// Read reads a configuration. The error wraps format.ErrMalformed or limits.ErrExceeded; the fields before a mistake are
// returned beside it.
func Read(blob *format.Blob, budget *limits.Budget) (*pbtxt.Field, error) {
	size := blob.Size()
	if size < 0 || size > pbtxt.MaxSize {
		size = pbtxt.MaxSize
	}
	release, err := budget.Hold(4 * size)
	if err != nil {
		return &pbtxt.Field{}, err
	}
	defer release()
	in, err := blob.Open()
	if err != nil {
		return &pbtxt.Field{}, fmt.Errorf("open configuration: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(in, pbtxt.MaxSize+1))
	if err = errors.Join(err, in.Close(), budget.Ops(int64(len(text)))); err != nil {
		return &pbtxt.Field{}, err
	}
	return pbtxt.Parse(string(text))
}
