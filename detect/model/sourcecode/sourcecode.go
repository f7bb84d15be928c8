// Package sourcecode follows the names of Python files that configurations of models give: files that a loader runs although
// nothing in their content may show that they are source. It is for detectors. It judges nothing; the detector of Python does.
package sourcecode

import (
	"context"

	"github.com/picketsec/picket/artifact/format/python"
	"github.com/picketsec/picket/detect"
)

// Follow has a file beside the configuration inspected as Python source, and reports whether it is there. A file whose content
// shows that it is Python is left to the scan of the tree, which comes to it by itself. The error is about the run.
func Follow(ctx context.Context, in detect.Input, out *detect.Output, name string) (found bool, err error) {
	if in.Sibling == nil {
		return false, nil
	}
	blob, err := in.Sibling(name)
	if err != nil {
		return false, nil // not there, or not in the tree: the caller says so
	}
	probe, err := detect.NewProbe(blob)
	if err == nil && (python.Format{}).Match(probe) {
		return true, nil
	}
	return true, out.Inspect(ctx, detect.Part{Name: name, Blob: blob, As: python.FormatName})
}
